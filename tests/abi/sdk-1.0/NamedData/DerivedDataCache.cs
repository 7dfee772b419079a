namespace Tandem.Sdk;

/// <summary>
/// Shared objects that are derived from content: packed weights, GPU buffers, compiled graphs. Implemented by the host.
/// </summary>
/// <remarks>
/// <para>Ownership: each call returns a lease; the value is disposed when its last lease is. Concurrent first calls for one key create the value
/// once; a failed creation is thrown to every waiting caller and leaves nothing behind.</para>
/// <para>Threading: all members may be called from any thread; a value must be usable by several holders at once (immutable).</para>
/// </remarks>
public abstract class DerivedDataCache
{
    /// <summary>Returns the value for a key, creating it if nobody holds it.</summary>
    /// <typeparam name="TValue">Type of the value.</typeparam>
    /// <typeparam name="TState">Type of what the factory needs.</typeparam>
    /// <param name="key">Everything that the value depends on.</param>
    /// <param name="state">Passed to the factory.</param>
    /// <param name="factory">Creates the value and says how many bytes it holds; called at most once at a time for a key.</param>
    /// <returns>A lease, which the caller disposes.</returns>
    public abstract DerivedDataLease<TValue> GetOrCreate<TValue, TState>(
        DerivedDataKey key, TState state, Func<TState, (TValue Value, long ByteCount)> factory)
        where TValue : class, IDisposable;

    /// <summary>Number of values that are held now.</summary>
    public abstract int Count { get; }

    /// <summary>Bytes of the values that are held now.</summary>
    public abstract long ByteCount { get; }
}
