using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Runs a compiled graph: its steps as they were worked out for the shapes of the last call, and the addresses of that call. It keeps nothing of a session,
/// so a graph needs one for each call that runs at the same time, however many sessions there are.
/// </summary>
/// <remarks>
/// Whoever takes it has it alone until it is released. A caller with other shapes than the last one's has the steps prepared anew, one with other memory
/// the addresses bound anew; neither allocates.
/// </remarks>
internal sealed unsafe class GraphExecutor : IDisposable
{
    private readonly CompiledGraph _graph;
    private readonly GraphState _state;
    private readonly Step[] _steps;
    private readonly Step[] _active;
    private readonly MemoryPlan _plan;
    private int _activeCount;
    private int _threadCount;
    private long _scratchOffset;
    private long _workspaceBytes;
    private byte* _boundWorkspace;
    private bool _isPrepared;
    private bool _isBound;
    private int _isTaken;

    /// <summary>Creates one that its maker has taken.</summary>
    /// <param name="graph">The graph, which owns the executor.</param>
    public GraphExecutor(CompiledGraph graph)
    {
        _graph = graph;
        _isTaken = 1;
        _state = new GraphState(graph);
        _steps = new Step[graph.Nodes.Length];
        for (var i = 0; i < _steps.Length; i++)
        {
            _steps[i] = graph.Nodes[i].CreateStep(_state);
        }

        _active = new Step[_steps.Length];
        _plan = new MemoryPlan(graph, _steps);
    }

    /// <summary>The next executor of the same graph.</summary>
    public GraphExecutor? Next { get; set; }

    /// <summary>Takes the executor unless somebody has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake() => Volatile.Read(ref _isTaken) == 0 && Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0;

    /// <summary>Gives it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release() => Volatile.Write(ref _isTaken, 0);

    /// <summary>Asks for the compilation of the kernels that the steps will call.</summary>
    public void WarmUp(KernelWarmUp warmUp)
    {
        foreach (var step in _steps)
        {
            step.WarmUp(warmUp);
        }
    }

    /// <summary>Runs the graph.</summary>
    /// <param name="context">The call.</param>
    /// <param name="arguments">Its inputs and outputs.</param>
    /// <param name="workspace">Activation memory of the session that calls.</param>
    public void Execute(DelegateExecuteContext context, Arguments arguments, Workspace workspace)
    {
        _state.Pool = context.Pool;
        if (_threadCount != context.Pool.ThreadCount)
        {
            // Scratch memory is measured for a number of threads.
            _threadCount = context.Pool.ThreadCount;
            _isPrepared = false;
        }

        var token = context.CancellationToken;
        TakeInputs(arguments, workspace);
        TakeOutputs(arguments);
        workspace.Reserve(_workspaceBytes);
        if (!_isBound || _boundWorkspace != workspace.Memory)
        {
            _isBound = true;
            _boundWorkspace = workspace.Memory;
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
        foreach (var step in _steps)
        {
            (step as IDisposable)?.Dispose();
        }

        _state.Dispose();
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
    private void TakeInputs(Arguments arguments, Workspace workspace)
    {
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

            SetPointer(value, tensor);
        }

        if (isReshaped)
        {
            Prepare(workspace);
        }
    }

    /// <summary>Sets the outputs' shapes and reads their addresses.</summary>
    private void TakeOutputs(Arguments arguments)
    {
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

            SetPointer(value, tensor);
        }
    }

    private void Prepare(Workspace workspace)
    {
        long scratch = 0;
        _isBound = false;
        foreach (var node in _graph.Nodes)
        {
            node.InferShapes(_state);
        }

        foreach (var step in _steps)
        {
            step.Prepare();
            scratch = Math.Max(scratch, step.ScratchBytes);
        }

        workspace.Reserve(PlanScratch.ByteCount(_graph.Values.Length));
        _activeCount = _plan.Plan(_state, _active, new PlanScratch(workspace.Memory, _graph.Values.Length));
        _scratchOffset = _plan.TotalBytes;
        _workspaceBytes = _scratchOffset + scratch;
        _isPrepared = true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetPointer(int value, TensorView tensor)
    {
        if (_state.Pointer(value) != tensor.Data)
        {
            _state.SetPointer(value, (byte*)tensor.Data);
            _isBound = false;
        }
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
