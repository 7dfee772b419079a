using System.Runtime.InteropServices;
using Tandem.Host.Diagnostics;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>The state of one user of a program: mutable buffers, activations, delegates. Weights belong to the program and are shared.</summary>
/// <remarks>
/// <para>Threading: one thread at a time; another thread that executes at the same time gets <see cref="ErrorCode.SessionBusy"/>. Different sessions
/// run in parallel.</para>
/// <para>Lifetime: keeps its program loaded until it is disposed.</para>
/// </remarks>
public sealed unsafe class Session : IDisposable
{
    private static long s_lastId;

    private readonly Dictionary<string, LoadedMethod> _methods = new(StringComparer.Ordinal);
    private readonly Dictionary<IBackendDelegate, int> _delegateHolders = new(ReferenceEqualityComparer.Instance);
    private readonly List<NativeMemoryBlock> _memory = [];
    private readonly List<IBackendRuntime> _runtimes = [];
    private readonly byte*[] _sharedArenas;
    private long _stateBytes;
    private int _isBusy;
    private bool _isDisposed;

    internal Session(Program program)
    {
        Program = program;
        Id = Interlocked.Increment(ref s_lastId);
        Scratch = new SessionScratch(program.Runtime.Pool, seed: 0);
        var plan = program.MemoryPlan;
        _sharedArenas = new byte*[plan.SharedArenaSizes.Length];
        try
        {
            for (var id = 0; id < _sharedArenas.Length; id++)
            {
                _sharedArenas[id] = Allocate(plan.SharedArenaSizes[id], "activations");
            }

            State = Allocate(plan.StateBytes, "mutable buffers");
            _stateBytes = plan.StateBytes;
            program.InitializeState(State);
        }
        catch
        {
            FreeMemory();
            throw;
        }

        TandemDiagnostics.Sessions.Add(1);
    }

    /// <summary>The program.</summary>
    public Program Program { get; }

    /// <summary>Identity of the session in this process.</summary>
    public long Id { get; }

    /// <summary>Hears of every instruction; null to measure nothing.</summary>
    public IExecutionListener? Listener { get; set; }

    /// <summary>
    /// Native bytes of this session: activations, mutable buffers, inputs, outputs and scratch, with those that backends count for their delegates. Weights
    /// are not among them.
    /// </summary>
    public long MemoryBytes => _memory.Sum(block => block.ByteCount) + Scratch.ByteCount + _runtimes.Sum(runtime => runtime.GetSessionBytes(Id));

    /// <summary>Bytes of the mutable buffers among <see cref="MemoryBytes"/>.</summary>
    public long StateBytes => _stateBytes;

    internal SessionScratch Scratch { get; }

    internal byte* State { get; }

    /// <summary>Loads a method, or returns it if it is loaded: operators are looked up, delegates are initialised.</summary>
    /// <param name="name">Name of the method.</param>
    /// <returns>The method; it belongs to the session.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.MethodNotFound"/>, <see cref="ErrorCode.OperatorMissing"/>, <see cref="ErrorCode.BackendNotFound"/>, or what a backend reports.
    /// </exception>
    public Method GetMethod(string name)
    {
        Enter();
        try
        {
            if (!_methods.TryGetValue(name, out var loaded))
            {
                loaded = Load(name);
                _methods.Add(name, loaded);
            }

            return loaded.Method;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Sets all mutable buffers back to their initial contents.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.SessionBusy"/> or <see cref="ErrorCode.ObjectReleased"/>.</exception>
    public void ResetState()
    {
        Enter();
        try
        {
            NativeMemory.Clear(State, (nuint)_stateBytes);
            Program.InitializeState(State);
            foreach (var (name, loaded) in _methods)
            {
                loaded.ResetArenas();
                Program.InitializePlannedState(Program.IndexOf(name), loaded.Arenas);
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        Enter();
        _isDisposed = true;
        try
        {
            foreach (var loaded in _methods.Values)
            {
                loaded.Delegates.Dispose();
            }
        }
        finally
        {
            FreeMemory();
            Program.Release();
            TandemDiagnostics.Sessions.Add(-1);
        }
    }

    internal void Enter()
    {
        if (Interlocked.CompareExchange(ref _isBusy, 1, 0) != 0)
        {
            ThrowBusy();
        }

        if (_isDisposed)
        {
            Exit();
            ThrowIfDisposed();
        }
    }

    internal void Exit() => Volatile.Write(ref _isBusy, 0);

    internal void ThrowIfDisposed()
    {
        if (_isDisposed)
        {
            throw new TandemException(ErrorCode.ObjectReleased, "the session was disposed", new ErrorDetails { File = Program.Name });
        }
    }

    private void ThrowBusy()
    {
        ThrowIfDisposed();
        throw new TandemException(ErrorCode.SessionBusy, "another thread is using the session", new ErrorDetails
        {
            File = Program.Name,
            Expected = "one thread at a time",
            NextStep = "create a session for each thread: they share the weights",
        });
    }

    private LoadedMethod Load(string name)
    {
        var index = Program.IndexOf(name);
        var plan = Program.MemoryPlan.Methods[index];
        var delegates = new DelegateHolder(_delegateHolders);
        var blocks = _memory.Count;
        try
        {
            var arenas = plan.HasPrivateArenas ? AllocateArenas(plan.ArenaSizes) : _sharedArenas;
            var inputOutput = Allocate(plan.InputOutputBytes, "inputs and outputs");
            Program.InitializePlannedState(index, arenas);
            var method = new MethodLoader(this, index, arenas, inputOutput).Load(delegates);
            return new LoadedMethod(method, delegates, arenas, plan.HasPrivateArenas ? plan.ArenaSizes : []);
        }
        catch
        {
            delegates.Dispose();
            foreach (var block in _memory.Skip(blocks))
            {
                block.Dispose();
            }

            _memory.RemoveRange(blocks, _memory.Count - blocks);
            throw;
        }
    }

    private byte*[] AllocateArenas(long[] sizes)
    {
        var arenas = new byte*[sizes.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            arenas[i] = Allocate(sizes[i], "activations");
        }

        return arenas;
    }

    /// <summary>Notes that delegates of a runtime belong to this session.</summary>
    internal void AddRuntime(IBackendRuntime runtime)
    {
        if (!_runtimes.Contains(runtime))
        {
            _runtimes.Add(runtime);
        }
    }

    /// <summary>Memory that lives as long as the session.</summary>
    internal NativeMemoryBlock AllocateBlock(long byteCount, string purpose)
    {
        // Kernels may read a whole vector at the end of a tensor that fills its memory.
        var block = new NativeMemoryBlock(checked(byteCount + NativeMemoryBlock.Alignment), purpose);
        _memory.Add(block);
        return block;
    }

    private byte* Allocate(long byteCount, string purpose) => AllocateBlock(byteCount, purpose).Pointer;

    private void FreeMemory()
    {
        foreach (var block in _memory)
        {
            block.Dispose();
        }

        _memory.Clear();
        _runtimes.Clear();
        Scratch.Dispose();
    }
}
