using System.Collections.Immutable;
using Tandem.Host.Formats.Model;
using Tandem.Host.Kernels;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Makes a method of a session: values over the session's memory, resolved instructions, delegates.</summary>
internal sealed unsafe class MethodLoader
{
    private readonly Session _session;
    private readonly Program _program;
    private readonly ExecutionPlanModel _plan;
    private readonly bool[] _constants;
    private readonly MethodMemoryPlan _memory;
    private readonly byte*[] _arenas;
    private readonly byte* _inputOutput;

    internal MethodLoader(Session session, int planIndex, byte*[] arenas, byte* inputOutput)
    {
        _session = session;
        _program = session.Program;
        _plan = _program.Model.Plans[planIndex];
        _constants = FindConstants(_plan);
        _memory = _program.MemoryPlan.Methods[planIndex];
        _arenas = arenas;
        _inputOutput = inputOutput;
    }

    internal MethodTables Load(DelegateHolder delegates)
    {
        var kernels = ResolveKernels();
        var values = new EValue[_plan.Values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = CreateValue(i);
        }

        var info = _program.Methods[_plan.Name];
        var context = new DelegateCallContext(_plan.Name, _session.Scratch);
        var loaded = new IBackendDelegate[_plan.Delegates.Length];
        for (var i = 0; i < loaded.Length; i++)
        {
            loaded[i] = delegates.Add(InitializeDelegate(i));
        }

        var (inputs, outputs, chain) = (_plan.Inputs, _plan.Outputs, Chain());
        var tables = new MethodTables
        {
            Info = info,
            Values = values,
            Code = new Instruction[chain.Length],
            Inputs = [.. inputs],
            Outputs = [.. outputs],
            InputAliases = new TensorView[inputs.Length][],
            InputIsOverwritten = new bool[inputs.Length],
            OutputAliases = new TensorView[outputs.Length][],
            OutputIsBindable = new bool[outputs.Length],
            DelegateContext = context,
        };
        for (var i = 0; i < chain.Length; i++)
        {
            tables.Code[i] = Resolve(chain[i], kernels, loaded);
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            tables.InputAliases[i] = Aliases(inputs[i], values);
            tables.InputIsOverwritten[i] = IsOverwritten(inputs[i]);
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            tables.OutputAliases[i] = Aliases(outputs[i], values);
            tables.OutputIsBindable[i] = _memory.Placements[outputs[i]].Kind == PlacementKind.InputOutput && !inputs.Contains(outputs[i]);
        }

        return tables;
    }

    // Views of an input or output are other values at its place.
    private TensorView[] Aliases(int index, EValue[] values)
    {
        if (_memory.Placements[index].Kind != PlacementKind.InputOutput)
        {
            return [];
        }

        var aliases = new List<TensorView>();
        for (var other = 0; other < values.Length; other++)
        {
            if (other != index && _memory.Placements[other] == _memory.Placements[index])
            {
                aliases.Add(values[other].AsTensor());
            }
        }

        return [.. aliases];
    }

    private bool IsOverwritten(int index)
    {
        var place = _memory.Placements[index];
        return place.Kind == PlacementKind.InputOutput && Chain().Any(instruction => instruction switch
        {
            InstructionModel.KernelCall call => call.Arguments.Length > 0 && Touches(call.Arguments[^1]),
            InstructionModel.DelegateCall call => call.Arguments.Any(argument => argument != index && Touches(argument)),
            InstructionModel.Move move => Touches(move.To),
            _ => false,
        });

        bool Touches(int value) => _memory.Placements[value] == place
            || (_plan.Values[value] is ValueModel.TensorList list && list.ValueIndices.Any(item => _memory.Placements[item] == place));
    }

    private ImmutableArray<InstructionModel> Chain() => _plan.Chains.Length > 0 ? _plan.Chains[0] : [];

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

    private EValue CreateValue(int index) => _plan.Values[index] switch
    {
        ValueModel.Int value => EValue.FromInt(value.Value),
        ValueModel.Bool value => EValue.FromBool(value.Value),
        ValueModel.Double value => EValue.FromDouble(value.Value),
        ValueModel.String value => EValue.FromString(value.Value),
        ValueModel.IntList list => EValue.FromIntList(new EValueIntList([.. list.ValueIndices])),
        ValueModel.DoubleList list => EValue.FromDoubleList([.. list.Items]),
        ValueModel.BoolList list => EValue.FromBoolList([.. list.Items]),
        ValueModel.TensorList list => EValue.FromTensorList(new EValueTensorList([.. list.ValueIndices], isOptional: false)),
        ValueModel.OptionalTensorList list => EValue.FromTensorList(new EValueTensorList([.. list.ValueIndices], isOptional: true)),
        ValueModel.Tensor tensor => EValue.FromTensor(CreateTensor(index, tensor)),
        _ => EValue.None,
    };

    private TensorView CreateTensor(int index, ValueModel.Tensor model)
    {
        if (model.DeviceType != 0)
        {
            throw new TandemException(ErrorCode.ProgramNotSupported, "a tensor lives on a device that the host does not manage", new ErrorDetails
            {
                File = _program.Name,
                Location = $"method '{_plan.Name}', value {index}",
                Expected = "CPU",
                Found = $"device type {model.DeviceType}",
                NextStep = "lower the program with its inputs and outputs on the CPU",
            });
        }

        var isConstant = model.Storage is TensorStorageKind.Constant or TensorStorageKind.ExternalConstant;
        var tensor = new TensorView(model.Layout, model.Dynamism, isConstant);
        var placement = _memory.Placements[index];
        tensor.Bind(placement.Kind switch
        {
            PlacementKind.Arena => _arenas[placement.MemoryId] + placement.Offset,
            PlacementKind.State => _session.State + placement.Offset,
            PlacementKind.InputOutput => _inputOutput + placement.Offset,
            _ when isConstant => _program.ConstantPointer(_plan.Name, index, model),
            _ => null,
        });
        return tensor;
    }

    private IBackendDelegate InitializeDelegate(int index)
    {
        var model = _plan.Delegates[index];
        var where = new ErrorDetails { File = _program.Name, Location = $"method '{_plan.Name}', delegate {index} ({model.BackendId})" };
        var choice = _program.Runtime.Resolver.Resolve(_plan.Name, model.BackendId);
        if (choice.Runtime is null)
        {
            throw NoBackend(choice, where);
        }

        var argumentCount = Chain().OfType<InstructionModel.DelegateCall>().FirstOrDefault(call => call.DelegateIndex == index)?.Arguments.Length ?? 0;
        using var processed = _program.OpenPayload(model);
        try
        {
            return choice.Runtime.Initialize(new DelegateInitialization(_session, _plan.Name, index, model, processed, choice.Options, argumentCount));
        }
        catch (TandemException error)
        {
            throw error.With(where);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new TandemException(ErrorCode.DelegateFailed, $"plugin '{choice.PluginId}' threw while it initialised a delegate",
                where with { Found = $"{error.GetType().Name}: {error.Message}" }, error);
        }
    }

    /// <summary>The error for a backend that nothing serves: not found, or found and not able to run here.</summary>
    internal static TandemException NoBackend(BackendChoice choice, ErrorDetails where)
    {
        var refusals = choice.Refusals.Count == 0 ? "no plugin names it" : string.Join("; ", choice.Refusals.Select(item => $"{item.Plugin}: {item.Reason}"));
        var isThere = choice.Refusals.Any(item => item.Code == ErrorCode.BackendNotAvailable);
        return new TandemException(isThere ? ErrorCode.BackendNotAvailable : ErrorCode.BackendNotFound,
            $"no usable plugin serves {choice.BackendId}: {choice.Reason}", where with
            {
                Expected = $"a plugin for backend id {choice.BackendId}",
                Found = refusals,
                NextStep = "put a plugin for it into a plugin folder; 'tandem plugins' shows what was found",
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

    private bool MayBeConstant(int index) => _constants[index] || (_plan.Values[index] is ValueModel.TensorList list && list.ValueIndices.Any(item => _constants[item]));

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

    private Instruction Resolve(InstructionModel instruction, Kernel[] kernels, IBackendDelegate[] delegates) => instruction switch
    {
        InstructionModel.KernelCall call => new Instruction
        {
            Kind = InstructionKind.Kernel,
            Arguments = [.. CheckOutput(call)],
            Kernel = kernels[call.OperatorIndex],
            Name = _plan.Operators[call.OperatorIndex],
        },
        InstructionModel.DelegateCall call => new Instruction
        {
            Kind = InstructionKind.Delegate,
            Arguments = [.. call.Arguments],
            Delegate = delegates[call.DelegateIndex],
            Name = _plan.Delegates[call.DelegateIndex].BackendId,
        },
        InstructionModel.Move move => new Instruction { Kind = InstructionKind.Move, Arguments = [], Value = move.From, Target = move.To, Name = "move" },
        InstructionModel.JumpFalse jump => new Instruction
        {
            Kind = InstructionKind.JumpFalse,
            Arguments = [],
            Value = jump.Condition,
            Target = jump.Destination,
            Name = "jump_false",
        },
        InstructionModel.Free free => new Instruction { Kind = InstructionKind.Free, Arguments = [], Value = free.Value, Name = "free" },
        _ => throw new TandemException(ErrorCode.ProgramNotSupported, "an instruction is of an unknown kind",
            new ErrorDetails { File = _program.Name, Location = $"method '{_plan.Name}'", Found = instruction.GetType().Name }),
    };
}
