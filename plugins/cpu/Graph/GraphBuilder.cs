using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
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

            QuantizationRules.Check(value);
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
                CheckType(value, null, ValueTypes.Float | ValueTypes.Int | ValueTypes.Quantized);
                var boundary = Add(value, value.Flags == PayloadValue.ExternalInput ? ValueKind.Input : ValueKind.Output, ToScalarType(value.Datatype));
                if (Precision(value.Datatype) is not null)
                {
                    var inner = Add(value, ValueKind.Internal, ScalarType.Float);
                    if (value.Flags == PayloadValue.ExternalInput)
                    {
                        NarrowInputs.Add((boundary, inner));
                        _isWritten[inner] = true;
                    }
                    else
                    {
                        NarrowOutputs.Add((inner, boundary));
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

    /// <summary>Threads to pack weights on; null packs on the caller's.</summary>
    public ComputePool? Pool { get; init; }

    /// <summary>Whether convolutions may take Winograd's transforms.</summary>
    public bool AllowsWinograd { get; init; } = true;

    /// <summary>Shares packed weights.</summary>
    public DerivedDataCache Cache { get; }

    /// <summary>Where packed weights are kept between processes; null: nowhere.</summary>
    public PackedStore? Store { get; init; }

    /// <summary>Where packed weights lie that are kept nowhere else; null: each in memory of its own.</summary>
    public PackedArena? Arena { get; init; }

    public List<GraphValue> Values { get; } = [];

    /// <summary>What the graph disposes: leases, references on named data, memory of its own.</summary>
    public List<IDisposable> Resources { get; } = [];

    /// <summary>Inputs of fp16 or bf16 and the float values that stand for them inside.</summary>
    public List<(int Boundary, int Inner)> NarrowInputs { get; } = [];

    /// <summary>The float values that stand for outputs of fp16 or bf16 inside, and the outputs.</summary>
    public List<(int Inner, int Boundary)> NarrowOutputs { get; } = [];

    /// <summary>A value that a node reads.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">The value's id.</param>
    /// <param name="allowed">What its elements may be.</param>
    /// <exception cref="TandemException">Nothing writes it before, or its elements are something else.</exception>
    public int Read(PayloadOperation node, uint id, ValueTypes allowed = ValueTypes.Float)
    {
        var slot = Find(node, id);
        var value = slot.Value;
        CheckType(value, node, allowed);
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
    /// <param name="node">The node.</param>
    /// <param name="id">The value's id.</param>
    /// <param name="allowed">What its elements may be.</param>
    /// <exception cref="TandemException">Another node writes it, or its elements are something else.</exception>
    public int Write(PayloadOperation node, uint id, ValueTypes allowed = ValueTypes.Float)
    {
        var slot = Find(node, id);
        var value = slot.Value;
        CheckType(value, node, allowed);
        if (slot.Index < 0)
        {
            if (value.ConstantIndex != 0)
            {
                throw node.Source.Invalid("a constant is written", "a result", $"value {id}");
            }

            slot.Index = Add(value, ValueKind.Internal, ToInnerType(value.Datatype));
        }

        if (_isWritten[slot.Index])
        {
            throw node.Source.Invalid("a value is written twice, or is an input", "one writer", $"value {id}");
        }

        _isWritten[slot.Index] = true;
        return slot.Index;
    }

    /// <summary>A value that a node quantises while running: whoever reads it reads the source, and quantises its rows for its own kernels.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">The quantised value's id.</param>
    /// <param name="source">The float value.</param>
    public void WriteDynamic(PayloadOperation node, uint id, int source)
    {
        var slot = Find(node, id);
        if (slot.DynamicSource >= 0)
        {
            throw node.Source.Invalid("a value is written twice", "one writer", $"value {id}");
        }

        slot.DynamicSource = source;
    }

    /// <summary>The float value behind one that is quantised while running.</summary>
    public int ReadDynamic(PayloadOperation node, uint id)
    {
        var slot = Find(node, id);
        return slot.DynamicSource >= 0 ? slot.DynamicSource
            : throw node.Source.Invalid("a value is read before it is written", "nodes in the order in which they run", $"value {id}");
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

    /// <summary>The bytes of a constant of floats, as many as its shape needs; null if the value is no constant.</summary>
    public ConstantData? Constant(PayloadOperation node, uint id)
    {
        CheckType(Declared(node, id), node, ValueTypes.Float | ValueTypes.Int);
        return Bytes(node, id);
    }

    /// <summary>The bytes of a constant of any type, as many as its shape needs; null if the value is no constant.</summary>
    public ConstantData? Bytes(PayloadOperation node, uint id)
    {
        var value = Declared(node, id);
        if (value.ConstantIndex == 0)
        {
            return null;
        }

        var data = _constants[value.ConstantIndex]
            ?? throw node.Source.Invalid("a constant's index refers to nothing", $"below {_constants.Count}", $"{value.ConstantIndex} of value {id}");
        var needed = value.ByteCount;
        return data.Length >= needed ? data with { Length = needed }
            : throw node.Source.Invalid("a constant has fewer bytes than its shape needs", $"{needed} bytes", $"{data.Length} bytes of value {id}");
    }

    /// <summary>The constant that holds a value's scales, as many bytes as there are scales; null if they are inline, or one for the tensor.</summary>
    public ConstantData? ScaleBytes(PayloadOperation node, uint id)
    {
        var value = Declared(node, id);
        var (index, size) = value.Quantization switch
        {
            PayloadQuantization.PerChannel p => (p.ScaleIndex, sizeof(float)),
            PayloadQuantization.PerChannelGroup p => (p.ScaleIndex, sizeof(ushort)),
            _ => (0u, 0),
        };
        if (index == 0)
        {
            return null;
        }

        var data = _constants[index]
            ?? throw node.Source.Invalid("the index of a value's scales refers to nothing", $"below {_constants.Count}", $"{index} of value {id}");
        var needed = QuantizationRules.ScaleCount(value) * size;
        return data.Length >= needed ? data with { Length = needed }
            : throw node.Source.Invalid("a value has fewer scales than its shape needs", $"{needed} bytes", $"{data.Length} bytes of value {id}");
    }

    /// <summary>All scales of a quantised value, checked: one for the tensor, one for each channel, or [row][group].</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/>: a scale is none.</exception>
    public float[] Scales(PayloadOperation node, uint id)
    {
        var value = Declared(node, id);
        var scales = new float[QuantizationRules.ScaleCount(value)];
        var bytes = ScaleBytes(node, id);
        for (var i = 0; i < scales.Length; i++)
        {
            scales[i] = value.Quantization switch
            {
                PayloadQuantization.PerTensor p => p.Scale,
                PayloadQuantization.PerChannel p => bytes is null ? p.Scales![i] : ((float*)bytes.Pointer)[i],
                PayloadQuantization.PerChannelGroup p when bytes is null => FromLegacy(p.LegacyScales![i]),
                _ => BitConverter.UInt32BitsToSingle((uint)((ushort*)bytes!.Pointer)[i] << 16),
            };
            QuantizationRules.CheckScale(value, scales[i]);
        }

        return scales;
    }

    // As ExecuTorch makes bf16 scales of those that old exports have as fp32: rounding by a factor, then cutting.
    private static float FromLegacy(float scale) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(scale * 1.00389105f) & 0xFFFF0000);

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
        else if (value.Datatype == PayloadDatatype.BF16)
        {
            BFloat16Conversion.ToSingle((ushort*)data.Pointer, (float*)block.Memory, (nint)count);
        }
        else
        {
            Buffer.MemoryCopy(data.Pointer, block.Memory, count * sizeof(float), count * sizeof(float));
        }

        return block;
    }

    /// <summary>Refuses by name what a node, or the boundary, does not run with.</summary>
    private static void CheckType(PayloadValue value, PayloadOperation? node, ValueTypes allowed)
    {
        var type = value.Datatype switch
        {
            PayloadDatatype.Fp32 or PayloadDatatype.Fp16 or PayloadDatatype.BF16 => ValueTypes.Float,
            PayloadDatatype.Int32 => ValueTypes.Int,
            PayloadDatatype.QInt8 or PayloadDatatype.QUInt8 => ValueTypes.Quantized,
            _ => default,
        };
        if ((type & allowed) != 0)
        {
            return;
        }

        var details = new ErrorDetails
        {
            Location = node is null ? $"value {value.Id}" : $"xnodes[{node.Source.Index}], value {value.Id}",
            Expected = Names(allowed),
            Found = PayloadNames.Of(value.Datatype),
            NextStep = "run another lowering of the program with this plugin, or this one with another plugin",
        };
        throw new TandemException(
            ErrorCode.PayloadNotSupported,
            $"{(node is null ? "the graph's boundary" : $"the node {node.Source.Kind}")} has a value of type {details.Found} where the CPU plugin runs {details.Expected}",
            details);
    }

    private static string Names(ValueTypes types)
    {
        var names = new List<string>();
        if ((types & ValueTypes.Float) != 0)
        {
            names.Add("fp32, fp16 and bf16");
        }

        if ((types & ValueTypes.Int) != 0)
        {
            names.Add("int32");
        }

        if ((types & ValueTypes.Quantized) != 0)
        {
            names.Add("qint8 and quint8");
        }

        return string.Join(", ", names);
    }

    private static ScalarType ToScalarType(PayloadDatatype datatype) => Precision(datatype) ?? ToInnerType(datatype);

    /// <summary>The type of two bytes that elements have in the file, if they do.</summary>
    private static ScalarType? Precision(PayloadDatatype datatype) => datatype switch
    {
        PayloadDatatype.Fp16 => ScalarType.Half,
        PayloadDatatype.BF16 => ScalarType.BFloat16,
        _ => null,
    };

    /// <summary>What the elements are inside the graph, where fp16 and bf16 are computed in floats.</summary>
    private static ScalarType ToInnerType(PayloadDatatype datatype) => datatype switch
    {
        PayloadDatatype.Int32 => ScalarType.Int,
        PayloadDatatype.QInt8 => ScalarType.Char,
        PayloadDatatype.QUInt8 => ScalarType.Byte,
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
            Precision = Precision(value.Datatype),
            Quantization = value.Quantization,
        });
        return Values.Count - 1;
    }

    private int AddConstant(PayloadOperation node, PayloadValue value)
    {
        var data = Bytes(node, value.Id)!;
        byte* pointer;
        if (Precision(value.Datatype) is not null)
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
            ScalarType = ToInnerType(value.Datatype),
            Shape = value.Shape,
            Data = pointer,
            Precision = Precision(value.Datatype),
            Quantization = value.Quantization,
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

        /// <summary>The float value that is quantised while running, or -1.</summary>
        public int DynamicSource { get; set; } = -1;
    }
}
