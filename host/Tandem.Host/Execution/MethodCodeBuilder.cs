using System.Collections.Immutable;
using Tandem.Host.Formats.Model;
using Tandem.Host.Kernels;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Makes the part of a method that its program holds: once, when the first session loads the method.</summary>
internal sealed unsafe class MethodCodeBuilder
{
    private readonly Program _program;
    private readonly ExecutionPlanModel _plan;
    private readonly MethodMemoryPlan _memory;
    private readonly ImmutableArray<InstructionModel> _chain;
    private readonly bool[] _mayBeConstant;
    private readonly bool[] _isWritten;
    private readonly int[] _places;
    private readonly List<int> _slots = [];
    private int _boundaryCount;
    private readonly List<EValue> _constants = [];

    internal MethodCodeBuilder(Program program, int planIndex)
    {
        _program = program;
        _plan = program.Model.Plans[planIndex];
        _memory = program.MemoryPlan.Methods[planIndex];
        _chain = _plan.Chains.Length > 0 ? _plan.Chains[0] : [];
        _mayBeConstant = FindConstants(_plan);
        _isWritten = new bool[_plan.Values.Length];
        _places = new int[_plan.Values.Length];
    }

    internal MethodCode Build()
    {
        var kernels = ResolveKernels();
        CheckDevices();
        AssignSlots();
        var template = _slots.ConvertAll(index => IsOwn(index) ? EValue.None : CreateShared(index)).ToArray();
        var overwritten = OverwrittenSlots();
        var code = new MethodCode
        {
            Info = _program.Methods[_plan.Name],
            Plan = _plan,
            Instructions = [.. _chain.Select(instruction => Resolve(instruction, kernels))],
            DelegateArgumentCounts = new int[_plan.Delegates.Length],
            Slots = [.. _slots],
            BoundaryCount = _boundaryCount,
            Template = template,
            ListItems = [.. _slots.Select(index => ItemsOf(index)?.Select(item => item < 0 ? -1 : SlotOf(item)).ToArray())],
            FrameTensors = [.. FrameTensors().Where(item => BoundaryAt(item.Placement) < 0)],
            FrameAliases = [.. FrameTensors().Where(item => BoundaryAt(item.Placement) >= 0).Select(item => (item.Slot, BoundaryAt(item.Placement)))],
            SharesFrames = SharesFrames(),
            Inputs = [.. _plan.Inputs.Select(SlotOf)],
            Outputs = [.. _plan.Outputs.Select(SlotOf)],
            InputAliases = [.. _plan.Inputs.Select(Aliases)],
            InputIsOverwritten = [.. _plan.Inputs.Select(IsOverwritten)],
            OutputAliases = [.. _plan.Outputs.Select(Aliases)],
            OutputIsBindable = [.. _plan.Outputs.Select(index => _memory.Placements[index].Kind == PlacementKind.InputOutput && !_plan.Inputs.Contains(index))],
            OverwrittenNumbers = [.. overwritten.Where(slot => !IsOwn(_slots[slot]))],
            OverwrittenTensors = [.. overwritten.Where(slot => slot >= _boundaryCount && IsOwn(_slots[slot]) && _plan.Values[_slots[slot]] is ValueModel.Tensor)],
            Constants = [.. _constants],
        };
        foreach (var call in _chain.OfType<InstructionModel.DelegateCall>().Reverse())
        {
            code.DelegateArgumentCounts[call.DelegateIndex] = call.Arguments.Length;
        }

        return code;
    }

    // The table holds what sessions and frames have of their own, and what instructions write; everything else is the same for all. Values that nothing names
    // are left out: where a backend has taken operators, what was between them may stay behind in the file.
    private void AssignSlots()
    {
        Array.Fill(_places, int.MinValue);
        foreach (var index in _plan.Inputs.Concat(_plan.Outputs))
        {
            AddSlot(index);
        }

        _boundaryCount = _slots.Count;
        var isNamed = new bool[_places.Length];
        foreach (var index in _chain.SelectMany(NamesOf))
        {
            isNamed[index] = true;
        }

        foreach (var instruction in _chain)
        {
            ReadOnlySpan<int> written = instruction switch
            {
                InstructionModel.KernelCall { Arguments.Length: > 0 } call => [call.Arguments[^1]],
                InstructionModel.DelegateCall call => call.Arguments.AsSpan(),
                InstructionModel.Move move => [move.To],
                _ => [],
            };
            foreach (var index in written)
            {
                _isWritten[index] = true;
            }
        }

        for (var index = 0; index < _places.Length; index++)
        {
            if (_isWritten[index] || (IsOwn(index) && (isNamed[index] || _places[index] >= 0)))
            {
                AddSlot(index);
                foreach (var item in ItemsOf(index) ?? [])
                {
                    AddSlot(item);
                }
            }
        }

        foreach (var index in _chain.Where(instruction => instruction is not InstructionModel.KernelCall).SelectMany(NamesOf))
        {
            AddSlot(index);
        }
    }

    private static IEnumerable<int> NamesOf(InstructionModel instruction) => instruction switch
    {
        InstructionModel.KernelCall call => call.Arguments,
        InstructionModel.DelegateCall call => call.Arguments,
        InstructionModel.Move move => new[] { move.From, move.To },
        InstructionModel.JumpFalse jump => new[] { jump.Condition },
        InstructionModel.Free free => new[] { free.Value },
        _ => Array.Empty<int>(),
    };

    private void AddSlot(int index)
    {
        if (index >= 0 && _places[index] < 0)
        {
            _places[index] = _slots.Count;
            _slots.Add(index);
        }
    }

    private int SlotOf(int index) => _places[index];

    private int PlaceOf(int index)
    {
        if (_places[index] == int.MinValue)
        {
            _places[index] = ~_constants.Count;
            _constants.Add(CreateShared(index));
        }

        return _places[index];
    }

    /// <summary>Whether every session makes the value for itself: over its memory, or as a list of such values.</summary>
    private bool IsOwn(int index) => _plan.Values[index] switch
    {
        // A caller gets the inputs and outputs in hand.
        ValueModel.Tensor tensor => !IsConstant(tensor) || _plan.Inputs.Contains(index) || _plan.Outputs.Contains(index),
        ValueModel.TensorList or ValueModel.OptionalTensorList => true,
        ValueModel.IntList list => list.ValueIndices.Any(item => _isWritten[item] || _plan.Values[item] is not (ValueModel.Int or ValueModel.Bool)),
        _ => false,
    };

    private ImmutableArray<int>? ItemsOf(int index) => _plan.Values[index] switch
    {
        ValueModel.TensorList list => list.ValueIndices,
        ValueModel.OptionalTensorList list => list.ValueIndices,
        ValueModel.IntList list when IsOwn(index) => list.ValueIndices,
        _ => null,
    };

    private EValue CreateShared(int index) => _plan.Values[index] switch
    {
        ValueModel.Int value => EValue.FromInt(value.Value),
        ValueModel.Bool value => EValue.FromBool(value.Value),
        ValueModel.Double value => EValue.FromDouble(value.Value),
        ValueModel.String value => EValue.FromString(value.Value),
        ValueModel.IntList list => EValue.FromIntList(EValueIntList.FromConstants([.. list.ValueIndices.Select(NumberOf)])),
        ValueModel.DoubleList list => EValue.FromDoubleList([.. list.Items]),
        ValueModel.BoolList list => EValue.FromBoolList([.. list.Items]),
        ValueModel.Tensor tensor => EValue.FromTensor(CreateConstant(index, tensor)),
        _ => EValue.None,
    };

    // A constant stays where it is while the program is loaded.
    private TensorView CreateConstant(int index, ValueModel.Tensor model)
    {
        var tensor = new TensorView(model.Layout, model.Dynamism, isReadOnly: true);
        tensor.Bind(_program.ConstantPointer(_plan.Name, index, model));
        return tensor;
    }

    private long NumberOf(int index) => _plan.Values[index] is ValueModel.Bool flag ? flag.Value ? 1 : 0 : ((ValueModel.Int)_plan.Values[index]).Value;

    internal static bool IsConstant(ValueModel.Tensor tensor) => tensor.Storage is TensorStorageKind.Constant or TensorStorageKind.ExternalConstant;

    private void CheckDevices()
    {
        for (var index = 0; index < _plan.Values.Length; index++)
        {
            if (_plan.Values[index] is ValueModel.Tensor { DeviceType: not 0 } tensor)
            {
                throw new TandemException(ErrorCode.ProgramNotSupported, "a tensor lives on a device that the host does not manage", new ErrorDetails
                {
                    File = _program.Name,
                    Location = $"method '{_plan.Name}', value {index}",
                    Expected = "CPU",
                    Found = $"device type {tensor.DeviceType}",
                    NextStep = "lower the program with its inputs and outputs on the CPU",
                });
            }
        }
    }

    private IEnumerable<(int Slot, Placement Placement)> FrameTensors()
    {
        for (var slot = _boundaryCount; slot < _slots.Count; slot++)
        {
            if (_plan.Values[_slots[slot]] is ValueModel.Tensor tensor && !IsConstant(tensor))
            {
                yield return (slot, _memory.Placements[_slots[slot]]);
            }
        }
    }

    private int BoundaryAt(Placement placement) => placement.Kind == PlacementKind.InputOutput
        ? _slots.FindIndex(0, _boundaryCount, index => _plan.Values[index] is ValueModel.Tensor && _memory.Placements[index] == placement) : -1;

    // Moves bring the tensors of a frame into outputs; and what is read before it is written has its shape from the last execution.
    private bool SharesFrames() => !_memory.HasPrivateArenas && !_chain.Any(instruction => instruction is InstructionModel.Move or InstructionModel.JumpFalse)
        && !FrameTensors().Any(item => item.Placement.Kind == PlacementKind.State && ((ValueModel.Tensor)_plan.Values[_slots[item.Slot]]).Dynamism != ShapeDynamism.Static);

    // Prim operators and moves write into the value table.
    private SortedSet<int> OverwrittenSlots()
    {
        var slots = new SortedSet<int>();
        foreach (var instruction in _chain)
        {
            if (instruction is InstructionModel.Move move)
            {
                slots.Add(SlotOf(move.To));
            }
            else if (instruction is InstructionModel.KernelCall { Arguments.Length: > 0 } call)
            {
                slots.Add(SlotOf(call.Arguments[^1]));
            }
        }

        return slots;
    }

    // Views of an input or output are other values at its place; those that are none themselves are tensors of a frame.
    private int[] Aliases(int index)
    {
        if (_memory.Placements[index].Kind != PlacementKind.InputOutput)
        {
            return [];
        }

        return [.. Enumerable.Range(0, _plan.Values.Length).Where(other => other != index && _memory.Placements[other] == _memory.Placements[index])
            .Select(SlotOf).Where(slot => slot >= 0 && slot < _boundaryCount)];
    }

    private bool IsOverwritten(int index)
    {
        var place = _memory.Placements[index];
        return place.Kind == PlacementKind.InputOutput && _chain.Any(instruction => instruction switch
        {
            InstructionModel.KernelCall call => call.Arguments.Length > 0 && Touches(call.Arguments[^1]),
            InstructionModel.DelegateCall call => call.Arguments.Any(argument => argument != index && Touches(argument)),
            InstructionModel.Move move => Touches(move.To),
            _ => false,
        });

        bool Touches(int value) => _memory.Placements[value] == place
            || (_plan.Values[value] is ValueModel.TensorList list && list.ValueIndices.Any(item => _memory.Placements[item] == place));
    }

    private Kernel[] ResolveKernels()
    {
        var kernels = new Kernel[_plan.Operators.Length];
        List<string>? missing = null;
        for (var i = 0; i < kernels.Length; i++)
        {
            if (_program.Runtime.Kernels.TryGet(_plan.Operators[i], out var kernel))
            {
                kernels[i] = kernel;
            }
            else
            {
                (missing ??= []).Add(_plan.Operators[i]);
            }
        }

        return missing is null ? kernels : throw new TandemException(ErrorCode.OperatorMissing,
            missing.Count == 1 ? "the method needs an operator that is not registered" : $"the method needs {missing.Count} operators that are not registered",
            new ErrorDetails
            {
                File = _program.Name,
                Location = $"method '{_plan.Name}'",
                Expected = "kernels for all operators of the program",
                Found = $"no kernel for {string.Join(", ", missing.Distinct().Order(StringComparer.Ordinal))}",
                NextStep = "register kernels for them in TandemOptions.ConfigureKernels, or lower the program so that a backend takes them",
            });
    }

    // By convention a call's last argument is what it writes. Constants lie in the file, which nobody may write.
    private ImmutableArray<int> CheckOutput(InstructionModel.KernelCall call)
    {
        if (call.Arguments.Length > 0 && MayBeConstant(call.Arguments[^1]))
        {
            throw new TandemException(ErrorCode.InstructionInvalid, "an operator would write into a constant", new ErrorDetails
            {
                File = _program.Name,
                Location = $"method '{_plan.Name}', operator {_plan.Operators[call.OperatorIndex]}",
                Expected = "an output in planned memory",
                Found = $"value {call.Arguments[^1]}, a constant",
            });
        }

        return call.Arguments;
    }

    private bool MayBeConstant(int index) => _mayBeConstant[index] || (_plan.Values[index] is ValueModel.TensorList list && list.ValueIndices.Any(item => _mayBeConstant[item]));

    // Constants, and whatever a move may bring one to.
    private static bool[] FindConstants(ExecutionPlanModel plan)
    {
        var result = Array.ConvertAll([.. plan.Values], value => value is ValueModel.Tensor { Storage: TensorStorageKind.Constant or TensorStorageKind.ExternalConstant });
        var moves = new List<InstructionModel.Move>();
        foreach (var chain in plan.Chains)
        {
            moves.AddRange(chain.OfType<InstructionModel.Move>());
        }

        for (var isDone = false; !isDone;)
        {
            isDone = true;
            foreach (var move in moves.Where(move => result[move.From] && !result[move.To]))
            {
                (result[move.To], isDone) = (true, false);
            }
        }

        return result;
    }

    private Instruction Resolve(InstructionModel instruction, Kernel[] kernels) => instruction switch
    {
        InstructionModel.KernelCall call => new Instruction
        {
            Kind = InstructionKind.Kernel,
            Arguments = [.. CheckOutput(call).Select(PlaceOf)],
            Kernel = kernels[call.OperatorIndex],
            Name = _plan.Operators[call.OperatorIndex],
        },
        InstructionModel.DelegateCall call => new Instruction
        {
            Kind = InstructionKind.Delegate,
            Arguments = [.. call.Arguments.Select(SlotOf)],
            Value = call.DelegateIndex,
            Name = _plan.Delegates[call.DelegateIndex].BackendId,
        },
        InstructionModel.Move move => new Instruction { Kind = InstructionKind.Move, Arguments = [], Value = SlotOf(move.From), Target = SlotOf(move.To), Name = "move" },
        InstructionModel.JumpFalse jump => new Instruction
        {
            Kind = InstructionKind.JumpFalse,
            Arguments = [],
            Value = SlotOf(jump.Condition),
            Target = jump.Destination,
            Name = "jump_false",
        },
        InstructionModel.Free free => new Instruction { Kind = InstructionKind.Free, Arguments = [], Value = SlotOf(free.Value), Name = "free" },
        _ => throw new TandemException(ErrorCode.ProgramNotSupported, "an instruction is of an unknown kind",
            new ErrorDetails { File = _program.Name, Location = $"method '{_plan.Name}'", Found = instruction.GetType().Name }),
    };
}
