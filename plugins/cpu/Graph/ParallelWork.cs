namespace Tandem.Plugins.Cpu.Graph;

/// <summary>When more than one thread pays.</summary>
internal static class ParallelWork
{
    /// <summary>Element-wise work below this many elements is done before a second thread has woken up.</summary>
    public const int ElementThreshold = 1 << 16;

    /// <summary>Fewest elements for a thread.</summary>
    public const int ElementGrain = 1 << 14;
}
