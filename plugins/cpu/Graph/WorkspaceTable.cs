namespace Tandem.Plugins.Cpu.Graph;

/// <summary>The workspaces of the sessions that have delegates of this plugin, counted.</summary>
internal sealed class WorkspaceTable
{
    private readonly Dictionary<long, Entry> _workspaces = [];

    /// <summary>The session's workspace; every call is paired with one of <see cref="Release"/>.</summary>
    public Workspace Acquire(long sessionId)
    {
        lock (_workspaces)
        {
            if (!_workspaces.TryGetValue(sessionId, out var entry))
            {
                entry = new Entry();
                _workspaces.Add(sessionId, entry);
            }

            entry.Holders++;
            return entry.Workspace;
        }
    }

    public void Release(long sessionId)
    {
        lock (_workspaces)
        {
            var entry = _workspaces[sessionId];
            if (--entry.Holders == 0)
            {
                _workspaces.Remove(sessionId);
                entry.Workspace.Dispose();
            }
        }
    }

    private sealed class Entry
    {
        public Workspace Workspace { get; } = new();

        public int Holders { get; set; }
    }
}
