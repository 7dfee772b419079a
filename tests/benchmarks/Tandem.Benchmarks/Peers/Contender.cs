namespace Tandem.Benchmarks.Peers;

/// <summary>One of those that run the same work in turn.</summary>
internal abstract class Contender(string name) : IDisposable
{
    /// <summary>The column.</summary>
    public string Name { get; } = name;

    /// <summary>Calls once and gives the output.</summary>
    public abstract float[] Output();

    /// <summary>Seconds of a call, the mean over several.</summary>
    public abstract double Time(int calls);

    public abstract void Dispose();
}
