using Tandem.Sdk;

namespace Tandem.Host.NamedData;

/// <summary>A <see cref="DerivedDataCache"/>: one value a key while anybody holds a lease, created once, outside the lock.</summary>
internal sealed class DerivedDataCacheStore : DerivedDataCache
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DerivedDataKey, Entry> _entries = [];

    public override int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    public override long ByteCount
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.Sum(entry => entry.ByteCount);
            }
        }
    }

    /// <summary>Values that were created since the cache was made.</summary>
    internal long Creations { get; private set; }

    public override DerivedDataLease<TValue> GetOrCreate<TValue, TState>(
        DerivedDataKey key, TState state, Func<TState, (TValue Value, long ByteCount)> factory)
    {
        Entry entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out entry!))
            {
                _entries[key] = entry = new Entry();
                var created = entry;
                entry.Release = () => Release(key, created);
            }

            entry.Holders++;
        }

        try
        {
            // The first holder creates; the others wait here, and only here, for this key.
            lock (entry.Creation)
            {
                if (entry.Failure is { } failure)
                {
                    throw failure is TandemException typed ? typed.With(default) : new TandemException(ErrorCode.DelegateFailed, "derived data could not be created", default, failure);
                }

                if (entry.Value is null)
                {
                    Create(entry, state, factory);
                }
            }

            return entry.Value is TValue value ? new DerivedDataLease<TValue>(value, entry.Release)
                : throw new TandemException(ErrorCode.ArgumentInvalid, "derived data is of another type", new ErrorDetails
                {
                    Location = key.Derivation,
                    Expected = typeof(TValue).Name,
                    Found = entry.Value!.GetType().Name,
                    NextStep = "name the type of the value in the derivation",
                });
        }
        catch
        {
            Release(key, entry);
            throw;
        }
    }

    private void Create<TValue, TState>(Entry entry, TState state, Func<TState, (TValue Value, long ByteCount)> factory)
        where TValue : class, IDisposable
    {
        try
        {
            var (value, byteCount) = factory(state);
            entry.ByteCount = byteCount;
            entry.Value = value ?? throw new TandemException(ErrorCode.DelegateFailed, "a factory of derived data returned nothing");
        }
        catch (Exception error)
        {
            entry.Failure = error;
            throw;
        }
        finally
        {
            lock (_lock)
            {
                Creations++;
            }
        }
    }

    private void Release(DerivedDataKey key, Entry entry)
    {
        lock (_lock)
        {
            // A failed entry goes at once, so that the next caller tries again; its waiters still hold it.
            if (entry.Failure is not null && _entries.TryGetValue(key, out var current) && ReferenceEquals(current, entry))
            {
                _entries.Remove(key);
            }

            if (--entry.Holders > 0)
            {
                return;
            }

            if (_entries.TryGetValue(key, out current) && ReferenceEquals(current, entry))
            {
                _entries.Remove(key);
            }
        }

        entry.Value?.Dispose();
    }

    private sealed class Entry
    {
        internal readonly Lock Creation = new();

        /// <summary>Gives up one hold; the same for all of them, so that a lease costs next to nothing.</summary>
        internal Action Release { get; set; } = null!;

        internal IDisposable? Value { get; set; }

        internal Exception? Failure { get; set; }

        internal long ByteCount { get; set; }

        internal int Holders { get; set; }
    }
}
