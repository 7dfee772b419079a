using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Values and resources of a graph under construction, by the payload's ids.</summary>
internal sealed unsafe class GraphBuilder
{
    // Keyed by int and holding objects: the runtime has that dictionary compiled already, and loading is short.
    private readonly Dictionary<int, Slot> _slots;
    private readonly PayloadGraph _payload;
    private readonly ConstantTable _constants;
    private readonly List<bool> _isWritten = [];

    public GraphBuilder(PayloadGraph payload, ConstantTable constants, InstructionSet instructionSet, DerivedDataCache cache, int argumentCount)
    {
        _payload = payload;
        _constants = constants;
        InstructionSet = instructionSet;
        Cache = cache;
        _slots = new Dictionary<int, Slot>(payload.Values.Length);
        Span<bool> isTaken = stackalloc bool[(int)PayloadReader.MaxExterns];
        foreach (var value in payload.Values)
        {
            if (value.Id == PayloadValue.NoId || !_slots.TryAdd(unchecked((int)value.Id), new Slot(value)))
            {
                throw Invalid(value, "two values have the same id, or none");
            }

            if ((value.Flags & ~(PayloadValue.ExternalInput | PayloadValue.ExternalOutput)) != 0
                || value.Flags == (PayloadValue.ExternalInput | PayloadValue.ExternalOutput) || (value.Flags != 0 && value.ConstantIndex != 0))
            {
                throw Invalid(value, $"the flags {value.Flags} are impossible");
            }

            if (value.Flags != 0)
            {
                if (value.ExternalId >= payload.ExternCount || value.ExternalId >= argumentCount || isTaken[(int)value.ExternalId])
                {
                    throw Invalid(value, $"the external id {value.ExternalId} is taken, or not one of the call's {argumentCount} arguments");
                }

                isTaken[(int)value.ExternalId] = true;
            }
        }

        // Boundary values first: they exist whether or not a node names them.
        foreach (var value in payload.Values)
        {
            if (value.Flags != 0)
            {
                CheckDense(value, null);
                var boundary = Add(value, value.Flags == PayloadValue.ExternalInput ? ValueKind.Input : ValueKind.Output, ToScalarType(value.Datatype));
                if (value.Datatype == PayloadDatatype.Fp16)
                {
                    var inner = Add(value, ValueKind.Internal, ScalarType.Float);
                    if (value.Flags == PayloadValue.ExternalInput)
                    {
                        HalfInputs.Add((boundary, inner));
                        _isWritten[inner] = true;
                    }
                    else
                    {
                        HalfOutputs.Add((inner, boundary));
                    }

                    boundary = inner;
                }

                if (value.Flags == PayloadValue.ExternalInput)
                {
                    _isWritten[boundary] = true;
                }

                _slots[unchecked((int)value.Id)].Index = boundary;
            }
        }
    }

    public InstructionSet InstructionSet { get; }

    /// <summary>Shares packed weights.</summary>
    public DerivedDataCache Cache { get; }

    public List<GraphValue> Values { get; } = [];

    /// <summary>What the graph disposes: leases, references on named data, memory of its own.</summary>
    public List<IDisposable> Resources { get; } = [];

    /// <summary>Half precision inputs and the float values that stand for them inside.</summary>
    public List<(int Boundary, int Inner)> HalfInputs { get; } = [];

    /// <summary>The float values that stand for half precision outputs inside, and the outputs.</summary>
    public List<(int Inner, int Boundary)> HalfOutputs { get; } = [];

    /// <summary>A value that a node reads.</summary>
    public int Read(PayloadOperation node, uint id, bool allowsInt = false)
    {
        var slot = Find(node, id);
        var value = slot.Value;
        CheckDense(value, node);
        if (!allowsInt && value.Datatype == PayloadDatatype.Int32)
        {
            throw node.Source.NotSupported($"value {id} is of an integer type", "fp32 or fp16", "int32");
        }

        if (slot.Index >= 0)
        {
            return _isWritten[slot.Index] || Values[slot.Index].Kind == ValueKind.Constant ? slot.Index
                : throw node.Source.Invalid("a value is read before it is written", "nodes in the order in which they run", $"value {id}");
        }

        if (value.ConstantIndex == 0)
        {
            throw node.Source.Invalid("a value is read that nothing writes", "a constant, an input or a result", $"value {id}");
        }

        slot.Index = AddConstant(node, value);
        return slot.Index;
    }

    /// <summary>A value that a node writes.</summary>
    public int Write(PayloadOperation node, uint id, ScalarType type = ScalarType.Float)
    {
        var slot = Find(node, id);
        var value = slot.Value;
        CheckDense(value, node);
        if ((value.Datatype == PayloadDatatype.Int32) != (type == ScalarType.Int))
        {
            throw node.Source.Invalid("a result has the wrong element type", type.TorchName(), $"{value.Datatype} of value {id}");
        }

        if (slot.Index < 0)
        {
            if (value.ConstantIndex != 0)
            {
                throw node.Source.Invalid("a constant is written", "a result", $"value {id}");
            }

            slot.Index = Add(value, ValueKind.Internal, value.Datatype == PayloadDatatype.Int32 ? ScalarType.Int : ScalarType.Float);
        }

        if (_isWritten[slot.Index])
        {
            throw node.Source.Invalid("a value is written twice, or is an input", "one writer", $"value {id}");
        }

        _isWritten[slot.Index] = true;
        return slot.Index;
    }

    /// <summary>A value between a node and the one that rounds its result.</summary>
    public int AddUnrounded(int rounded)
    {
        var value = Values[rounded];
        _isWritten.Add(false);
        Values.Add(new GraphValue
        {
            Index = Values.Count,
            PayloadId = value.PayloadId,
            Kind = ValueKind.Internal,
            ScalarType = ScalarType.Float,
            Shape = value.Shape,
        });
        return Values.Count - 1;
    }

    /// <summary>Whether all results of the graph are written.</summary>
    public void CheckOutputs()
    {
        foreach (var value in _payload.Values)
        {
            if (value.Flags == PayloadValue.ExternalOutput && !_isWritten[_slots[unchecked((int)value.Id)].Index])
            {
                throw Invalid(value, "no node writes the output");
            }
        }
    }

    /// <summary>The declaration of an id.</summary>
    public PayloadValue Declared(PayloadOperation node, uint id) => Find(node, id).Value;

    private Slot Find(PayloadOperation node, uint id) => _slots.TryGetValue(unchecked((int)id), out var slot) ? slot
        : throw node.Source.Invalid("a node names a value that the graph does not declare", "an id of xvalues", id.ToString());

    /// <summary>The bytes of a constant, as many as its shape needs; null if the value is no constant.</summary>
    public ConstantData? Constant(PayloadOperation node, uint id)
    {
        var value = Declared(node, id);
        CheckDense(value, node);
        if (value.ConstantIndex == 0)
        {
            return null;
        }

        var data = _constants[value.ConstantIndex]
            ?? throw node.Source.Invalid("a constant's index refers to nothing", $"below {_constants.Count}", $"{value.ConstantIndex} of value {id}");
        var needed = value.Shape.ElementCount * ToScalarType(value.Datatype).Size();
        return data.Length >= needed ? data with { Length = Math.Min(data.Length, needed) }
            : throw node.Source.Invalid("a constant has fewer bytes than its shape needs", $"{needed} bytes", $"{data.Length} bytes of value {id}");
    }

    /// <summary>A copy of a constant as floats, whatever its element type; the caller disposes it.</summary>
    public NativeBlock? Floats(PayloadOperation node, uint id)
    {
        if (Constant(node, id) is not { } data)
        {
            return null;
        }

        var value = Declared(node, id);
        var count = value.Shape.ElementCount;
        var block = new NativeBlock(count * sizeof(float));
        if (value.Datatype == PayloadDatatype.Fp16)
        {
            HalfConversion.ToSingle((Half*)data.Pointer, (float*)block.Memory, (nint)count);
        }
        else
        {
            Buffer.MemoryCopy(data.Pointer, block.Memory, count * sizeof(float), count * sizeof(float));
        }

        return block;
    }

    /// <summary>Refuses what is quantised or of a type that this plugin does not run, by name.</summary>
    private static void CheckDense(PayloadValue value, PayloadOperation? node)
    {
        if (!value.IsQuantized && value.DynamicDatatype == PayloadDatatype.Invalid
            && value.Datatype is PayloadDatatype.Fp32 or PayloadDatatype.Fp16 or PayloadDatatype.Int32)
        {
            return;
        }

        var datatype = value.DynamicDatatype != PayloadDatatype.Invalid ? value.DynamicDatatype : value.Datatype;
        var details = new ErrorDetails
        {
            Location = node is null ? $"value {value.Id}" : $"xnodes[{node.Source.Index}], value {value.Id}",
            Expected = "fp32 or fp16",
            Found = PayloadNames.Of(datatype),
            NextStep = "run the program's fp32 lowering with this plugin, or another plugin",
        };
        throw new TandemException(
            ErrorCode.PayloadNotSupported,
            $"{(node is null ? "the graph's boundary" : $"the node {node.Source.Kind}")} has a value of type {details.Found}; the CPU plugin runs fp32 and fp16 payloads",
            details);
    }

    private static ScalarType ToScalarType(PayloadDatatype datatype) => datatype switch
    {
        PayloadDatatype.Fp16 => ScalarType.Half,
        PayloadDatatype.Int32 => ScalarType.Int,
        _ => ScalarType.Float,
    };

    private int Add(PayloadValue value, ValueKind kind, ScalarType type)
    {
        _isWritten.Add(false);
        Values.Add(new GraphValue
        {
            Index = Values.Count,
            PayloadId = value.Id,
            Kind = kind,
            ScalarType = type,
            Shape = value.Shape,
            Argument = kind is ValueKind.Input or ValueKind.Output ? (int)value.ExternalId : -1,
            HoldsHalf = value.Datatype == PayloadDatatype.Fp16,
        });
        return Values.Count - 1;
    }

    private int AddConstant(PayloadOperation node, PayloadValue value)
    {
        var data = Constant(node, value.Id)!;
        byte* pointer;
        if (value.Datatype == PayloadDatatype.Fp16)
        {
            var block = Floats(node, value.Id)!;
            Resources.Add(block);
            pointer = block.Memory;
        }
        else
        {
            // The graph holds a reference on all its data.
            pointer = data.Pointer;
        }

        _isWritten.Add(false);
        Values.Add(new GraphValue
        {
            Index = Values.Count,
            PayloadId = value.Id,
            Kind = ValueKind.Constant,
            ScalarType = value.Datatype == PayloadDatatype.Int32 ? ScalarType.Int : ScalarType.Float,
            Shape = value.Shape,
            Data = pointer,
            HoldsHalf = value.Datatype == PayloadDatatype.Fp16,
        });
        return Values.Count - 1;
    }

    private static TandemException Invalid(PayloadValue value, string problem) => new(ErrorCode.PayloadInvalid, problem, new ErrorDetails
    {
        Location = $"value {value.Id}",
        NextStep = "export the program again",
    });

    private sealed class Slot(PayloadValue value)
    {
        public PayloadValue Value { get; } = value;

        /// <summary>The graph's value, or -1 while nothing needs one.</summary>
        public int Index { get; set; } = -1;
    }
}
