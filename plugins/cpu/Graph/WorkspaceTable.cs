namespace Tandem.Plugins.Cpu.Graph;

/// <summary>The workspaces of the sessions that have delegates of this plugin, counted.</summary>
internal sealed class WorkspaceTable
{
    private readonly Dictionary<long, (Workspace Workspace, int Holders)> _workspaces = [];

    /// <summary>The session's workspace; every call is paired with one of <see cref="Release"/>.</summary>
    public Workspace Acquire(long sessionId)
    {
        lock (_workspaces)
        {
            var (workspace, holders) = _workspaces.GetValueOrDefault(sessionId);
            workspace ??= new Workspace();
            _workspaces[sessionId] = (workspace, holders + 1);
            return workspace;
        }
    }

    public void Release(long sessionId)
    {
        lock (_workspaces)
        {
            var (workspace, holders) = _workspaces[sessionId];
            if (holders > 1)
            {
                _workspaces[sessionId] = (workspace, holders - 1);
                return;
            }

            _workspaces.Remove(sessionId);
            workspace.Dispose();
        }
    }
}
