using Tandem.Host.Formats.Model;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Makes the part of a method that a session holds: tensors over the session's memory, and delegates.</summary>
internal sealed unsafe class MethodLoader
{
    private readonly Session _session;
    private readonly Program _program;
    private readonly ExecutionPlanModel _plan;
    private readonly MethodCode _code;
    private readonly MethodMemoryPlan _memory;
    private readonly byte*[] _arenas;
    private readonly byte* _inputOutput;

    internal MethodLoader(Session session, int planIndex, byte*[] arenas, byte* inputOutput)
    {
        _session = session;
        _program = session.Program;
        _plan = _program.Model.Plans[planIndex];
        _code = _program.GetCode(planIndex);
        _memory = _program.MemoryPlan.Methods[planIndex];
        _arenas = arenas;
        _inputOutput = inputOutput;
    }

    internal Method Load(DelegateHolder delegates)
    {
        var values = _code.Template.AsSpan().ToArray();
        for (var slot = 0; slot < values.Length; slot++)
        {
            if (values[slot].IsNone)
            {
                values[slot] = CreateOwn(slot);
            }
        }

        var loaded = new IBackendDelegate[_plan.Delegates.Length];
        for (var i = 0; i < loaded.Length; i++)
        {
            loaded[i] = delegates.Add(InitializeDelegate(i));
        }

        return new Method(_session, _code, values, loaded);
    }

    private EValue CreateOwn(int slot) => _plan.Values[_code.Slots[slot]] switch
    {
        ValueModel.IntList => EValue.FromIntList(new EValueIntList(_code.ListItems[slot]!)),
        ValueModel.TensorList => EValue.FromTensorList(new EValueTensorList(_code.ListItems[slot]!, isOptional: false)),
        ValueModel.OptionalTensorList => EValue.FromTensorList(new EValueTensorList(_code.ListItems[slot]!, isOptional: true)),
        ValueModel.Tensor tensor => EValue.FromTensor(CreateTensor(_code.Slots[slot], tensor)),
        _ => EValue.None,
    };

    private TensorView CreateTensor(int index, ValueModel.Tensor model)
    {
        if (MethodCodeBuilder.IsConstant(model))
        {
            return MethodCodeBuilder.CreateConstant(_program, _plan.Name, index, model);
        }

        var tensor = new TensorView(model.Layout, model.Dynamism);
        var placement = _memory.Placements[index];
        tensor.Bind(placement.Kind switch
        {
            PlacementKind.Arena => _arenas[placement.MemoryId] + placement.Offset,
            PlacementKind.State => _session.State + placement.Offset,
            PlacementKind.InputOutput => _inputOutput + placement.Offset,
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

        using var processed = _program.OpenPayload(model);
        try
        {
            return choice.Runtime.Initialize(new DelegateInitialization(_session, _plan.Name, index, model, processed, choice.Options, _code.DelegateArgumentCounts[index]));
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
}
