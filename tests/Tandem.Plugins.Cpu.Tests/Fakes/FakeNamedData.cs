using System.Diagnostics.CodeAnalysis;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Named data from a dictionary.</summary>
internal sealed class FakeNamedData(Dictionary<string, byte[]> data) : NamedDataMap, IDisposable
{
    private readonly Dictionary<string, FakeHandle> _handles = data.ToDictionary(e => e.Key, e => new FakeHandle(e.Value));

    /// <summary>Handles that users hold, beyond the map's own.</summary>
    public int OpenHandles => _handles.Values.Sum(h => h.Holders - 1);

    public override IReadOnlyCollection<string> Keys => _handles.Keys;

    public override bool Contains(string key) => _handles.ContainsKey(key);

    public override bool TryGet(string key, [NotNullWhen(true)] out DataHandle? handle)
    {
        handle = _handles.TryGetValue(key, out var found) ? found.AddReference() : null;
        return handle is not null;
    }

    public override TensorLayout? GetLayout(string key) => null;

    public void Dispose()
    {
        foreach (var handle in _handles.Values)
        {
            handle.Dispose();
        }
    }
}
