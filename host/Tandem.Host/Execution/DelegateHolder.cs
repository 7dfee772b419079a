using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Holds a session's delegates by identity: an object that a backend returned several times is disposed once, when its last holder leaves.</summary>
internal sealed class DelegateHolder : IDisposable
{
    private readonly Dictionary<IBackendDelegate, int> _holders;
    private readonly List<IBackendDelegate> _own = [];

    internal DelegateHolder(Dictionary<IBackendDelegate, int> holders) => _holders = holders;

    internal IBackendDelegate Add(IBackendDelegate item)
    {
        _holders[item] = _holders.GetValueOrDefault(item) + 1;
        _own.Add(item);
        return item;
    }

    public void Dispose()
    {
        // In reverse, as they were made.
        for (var i = _own.Count - 1; i >= 0; i--)
        {
            if (--_holders[_own[i]] == 0)
            {
                _holders.Remove(_own[i]);
                _own[i].Dispose();
            }
        }

        _own.Clear();
    }
}
