namespace Tandem.Sdk;

/// <summary>The compute threads of the process. Implemented by the host.</summary>
/// <remarks>
/// Nested calls and calls while another session holds the workers run on the calling thread. Nothing is allocated and no lock is taken.
/// </remarks>
public abstract class ComputePool
{
    /// <summary>Number of threads that work at once, the caller's included; 1 or more.</summary>
    public abstract int ThreadCount { get; }

    /// <summary>Runs work to its end, on the calling thread and, where it pays, on others.</summary>
    /// <param name="itemCount">Number of items.</param>
    /// <param name="grain">Fewest items that are worth a thread; a range handed to <see cref="IParallelWork.Execute"/> has at least so many, except the last.</param>
    /// <param name="work">The work.</param>
    /// <remarks>An exception of any range is thrown to the caller after all ranges have ended.</remarks>
    public abstract void Run(int itemCount, int grain, IParallelWork work);
}
