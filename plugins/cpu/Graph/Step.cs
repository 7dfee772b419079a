namespace Tandem.Plugins.Cpu.Graph;

/// <summary>The half of a node that belongs to one executor: loops worked out for the current shapes. Running it allocates nothing.</summary>
internal abstract class Step
{
    protected Step(Node node, GraphState state)
    {
        Node = node;
        State = state;
    }

    public Node Node { get; }

    protected GraphState State { get; }

    /// <summary>Set by <see cref="Prepare"/>.</summary>
    public MemoryUse MemoryUse { get; protected set; }

    /// <summary>For a view: bytes from the start of the input to the start of the output. Set by <see cref="Prepare"/>.</summary>
    public long ViewOffset { get; protected set; }

    /// <summary>Bytes of scratch memory that <see cref="Run"/> needs. Set by <see cref="Prepare"/>.</summary>
    public long ScratchBytes { get; protected set; }

    /// <summary>Works out everything that depends on shapes; called when they have changed, before memory is planned.</summary>
    public abstract void Prepare();

    /// <summary>Asks for the compilation of the kernels that <see cref="Run"/> will call.</summary>
    public virtual void WarmUp(KernelWarmUp warmUp)
    {
    }

    /// <summary>Does the work on the addresses that the state holds now.</summary>
    public abstract void Run();
}
