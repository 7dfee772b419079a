using Tandem.Host.Formats.Model;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Makes the part of a method that a session holds: inputs and outputs over its memory, and delegates.</summary>
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
        var boundary = _code.Template.AsSpan(0, _code.BoundaryCount).ToArray();
        for (var slot = 0; slot < boundary.Length; slot++)
        {
            if (boundary[slot].IsNone)
            {
                boundary[slot] = _code.CreateOwn(slot);
                if (_plan.Values[_code.Slots[slot]] is ValueModel.Tensor tensor)
                {
                    boundary[slot].AsTensor().Bind(PointerTo(_code.Slots[slot], tensor));
                }
            }
        }

        var loaded = new IBackendDelegate[_plan.Delegates.Length];
        for (var i = 0; i < loaded.Length; i++)
        {
            loaded[i] = delegates.Add(InitializeDelegate(i));
        }

        return new Method(_session, _code, boundary, loaded, _arenas, _inputOutput);
    }

    private byte* PointerTo(int index, ValueModel.Tensor tensor) => MethodCodeBuilder.IsConstant(tensor)
        ? _program.ConstantPointer(_plan.Name, index, tensor) : MethodFrame.PointerTo(_memory.Placements[index], _session, _arenas, _inputOutput);

    private IBackendDelegate InitializeDelegate(int index)
    {
        var model = _plan.Delegates[index];
        var where = new ErrorDetails { File = _program.Name, Location = $"method '{_plan.Name}', delegate {index} ({model.BackendId})" };
        var choice = _program.Runtime.Resolver.Resolve(_plan.Name, model.BackendId);
        if (choice.Runtime is null)
        {
            throw NoBackend(choice, where);
        }

        _session.AddRuntime(choice.Runtime);
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
