namespace Tandem.Sdk;

/// <summary>Work that splits into independent items. An object that a delegate keeps, so that starting it allocates nothing.</summary>
public interface IParallelWork
{
    /// <summary>Does the items of a range; called at the same time from several threads with ranges that do not overlap.</summary>
    /// <param name="start">First item.</param>
    /// <param name="end">One past the last item.</param>
    /// <param name="worker">Which worker calls, 0 to <see cref="ComputePool.ThreadCount"/>-1: an index for scratch memory of its own.</param>
    void Execute(int start, int end, int worker);
}
