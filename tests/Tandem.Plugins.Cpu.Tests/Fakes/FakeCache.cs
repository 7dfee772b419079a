using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Counted values by key.</summary>
internal sealed class FakeCache : DerivedDataCache
{
    private readonly Dictionary<DerivedDataKey, (IDisposable Value, int Holders, long Bytes)> _entries = [];

    /// <summary>Values made so far.</summary>
    public int Created { get; private set; }

    public IEnumerable<DerivedDataKey> Keys => _entries.Keys;

    public override int Count => _entries.Count;

    public override long ByteCount => _entries.Values.Sum(e => e.Bytes);

    public override DerivedDataLease<TValue> GetOrCreate<TValue, TState>(
        DerivedDataKey key, TState state, Func<TState, (TValue Value, long ByteCount)> factory)
    {
        if (!_entries.TryGetValue(key, out var entry))
        {
            var (value, bytes) = factory(state);
            entry = (value, 0, bytes);
            Created++;
        }

        _entries[key] = entry with { Holders = entry.Holders + 1 };
        return new DerivedDataLease<TValue>((TValue)entry.Value, () =>
        {
            var held = _entries[key];
            if (held.Holders == 1)
            {
                _entries.Remove(key);
                held.Value.Dispose();
            }
            else
            {
                _entries[key] = held with { Holders = held.Holders - 1 };
            }
        });
    }
}
