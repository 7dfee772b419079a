using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>A compiled graph with the state of one session.</summary>
internal sealed unsafe class CpuDelegate : IBackendDelegate
{
    private readonly DerivedDataLease<CompiledGraph> _lease;
    private readonly WorkspaceTable _workspaces;
    private readonly long _sessionId;
    private readonly Workspace _workspace;
    private readonly CompiledGraph _graph;
    private readonly GraphState _state;
    private readonly Step[] _steps;
    private readonly Step[] _active;
    private readonly MemoryPlan _plan;
    private int _activeCount;
    private long _scratchOffset;
    private long _workspaceBytes;
    private byte* _boundWorkspace;
    private bool _isPrepared;
    private bool _isDisposed;

    public CpuDelegate(DerivedDataLease<CompiledGraph> lease, WorkspaceTable workspaces, long sessionId, KernelWarmUp warmUp)
    {
        _lease = lease;
        _graph = lease.Value;
        _workspaces = workspaces;
        _sessionId = sessionId;
        _state = new GraphState(_graph);
        _steps = new Step[_graph.Nodes.Length];
        for (var i = 0; i < _steps.Length; i++)
        {
            _steps[i] = _graph.Nodes[i].CreateStep(_state);
            _steps[i].WarmUp(warmUp);
        }

        _active = new Step[_steps.Length];
        _workspace = workspaces.Acquire(sessionId);
        _plan = new MemoryPlan(_graph, _steps, _workspace.PlanScratch);
    }

    /// <inheritdoc/>
    public void Execute(DelegateExecuteContext context, Arguments arguments)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!ReferenceEquals(_state.Pool, context.Pool))
        {
            // Scratch memory is measured for a number of threads.
            _state.Pool = context.Pool;
            _isPrepared = false;
        }

        var token = context.CancellationToken;
        var isMoved = TakeInputs(arguments);
        isMoved |= TakeOutputs(arguments);
        _workspace.Reserve(_workspaceBytes);
        if (isMoved || _boundWorkspace != _workspace.Memory)
        {
            _boundWorkspace = _workspace.Memory;
            _state.Scratch = _boundWorkspace + _scratchOffset;
            _plan.Bind(_state, _boundWorkspace);
        }

        if (context.IsTracing)
        {
            RunTraced(context, token);
        }
        else
        {
            var active = _active;
            for (var i = 0; i < _activeCount; i++)
            {
                token.ThrowIfCancellationRequested();
                active[i].Run();
            }
        }

        foreach (var (value, argument) in _graph.Outputs)
        {
            var tensor = arguments.Tensor(argument);
            if (tensor.ScalarType == ScalarType.Long)
            {
                Widen((int*)tensor.Data, (long*)tensor.Data, tensor.ElementCount);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        foreach (var step in _steps)
        {
            (step as IDisposable)?.Dispose();
        }

        _state.Dispose();
        _workspaces.Release(_sessionId);
        _lease.Dispose();
    }

    private void RunTraced(DelegateExecuteContext context, CancellationToken token)
    {
        for (var i = 0; i < _activeCount; i++)
        {
            token.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            _active[i].Run();
            context.RecordEvent(_active[i].Node.Source.Kind, _active[i].Node.Source.DebugHandle, start, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>Reads shapes and addresses of the inputs; prepares everything anew if a shape differs from the last call's.</summary>
    /// <returns>Whether an address has changed.</returns>
    private bool TakeInputs(Arguments arguments)
    {
        var isMoved = false;
        var isReshaped = !_isPrepared;
        foreach (var (value, argument) in _graph.Inputs)
        {
            var tensor = arguments.Tensor(argument);
            if (tensor.ScalarType != _graph.Values[value].ScalarType || tensor.Rank > Shape.MaxRank)
            {
                throw Mismatch(value, tensor);
            }

            if (tensor.Data == null && tensor.ElementCount != 0)
            {
                throw new TandemException(ErrorCode.InputInvalid, "an input of a delegate has no memory", new ErrorDetails { Found = tensor.ToString() });
            }

            ref var shape = ref _state.Shape(value);
            if (!IsSame(shape, tensor))
            {
                // A tensor with another dim order is seen as its dimensions lie in memory.
                shape.Rank = tensor.Rank;
                for (var i = 0; i < shape.Rank; i++)
                {
                    shape.Dims[i] = tensor.Sizes[tensor.DimOrder[i]];
                }

                if (shape.Measure() < 0)
                {
                    throw Mismatch(value, tensor);
                }

                isReshaped = true;
                _isPrepared = false;
            }

            isMoved |= SetPointer(value, tensor);
        }

        if (isReshaped)
        {
            Prepare();
        }

        return isMoved | isReshaped;
    }

    /// <summary>Sets the outputs' shapes and reads their addresses.</summary>
    private bool TakeOutputs(Arguments arguments)
    {
        var isMoved = false;
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        foreach (var (value, argument) in _graph.Outputs)
        {
            var tensor = arguments.Tensor(argument);
            var expected = _graph.Values[value].ScalarType;
            ref var shape = ref _state.Shape(value);
            if ((tensor.ScalarType != expected && !(expected == ScalarType.Int && tensor.ScalarType == ScalarType.Long))
                || tensor.Rank != shape.Rank || tensor.IsReadOnly)
            {
                throw Mismatch(value, tensor);
            }

            if (!IsSame(shape, tensor))
            {
                for (var i = 0; i < shape.Rank; i++)
                {
                    sizes[tensor.DimOrder[i]] = shape.Dims[i];
                }

                tensor.Resize(sizes[..shape.Rank]);
            }

            if (tensor.Data == null && tensor.ElementCount != 0)
            {
                throw new TandemException(ErrorCode.OutputInvalid, "an output of a delegate has no memory", new ErrorDetails { Found = tensor.ToString() });
            }

            isMoved |= SetPointer(value, tensor);
        }

        return isMoved;
    }

    private void Prepare()
    {
        long scratch = 0;
        foreach (var node in _graph.Nodes)
        {
            node.InferShapes(_state);
        }

        foreach (var step in _steps)
        {
            step.Prepare();
            scratch = Math.Max(scratch, step.ScratchBytes);
        }

        _activeCount = _plan.Plan(_state, _active);
        _scratchOffset = _plan.TotalBytes;
        _workspaceBytes = _scratchOffset + scratch;
        _isPrepared = true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool SetPointer(int value, TensorView tensor)
    {
        if (_state.Pointer(value) == tensor.Data)
        {
            return false;
        }

        _state.SetPointer(value, (byte*)tensor.Data);
        return true;
    }

    private static bool IsSame(in Shape shape, TensorView tensor)
    {
        if (shape.Rank != tensor.Rank)
        {
            return false;
        }

        var sizes = tensor.Sizes;
        var order = tensor.DimOrder;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (shape.Dims[i] != sizes[order[i]])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Indices are computed as 32 bit integers; from the last on, so that none is overwritten before it is read.</summary>
    private static void Widen(int* source, long* destination, long count)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            destination[i] = source[i];
        }
    }

    private TandemException Mismatch(int value, TensorView tensor) => new(
        ErrorCode.DelegateFailed, "an argument of a delegate call does not fit the payload", new ErrorDetails
        {
            Location = $"value {_graph.Values[value].PayloadId}",
            Expected = $"{_graph.Values[value].ScalarType.TorchName()}, rank of {_state.Shape(value)}",
            Found = tensor.ToString(),
            NextStep = "export the program again",
        });
}
