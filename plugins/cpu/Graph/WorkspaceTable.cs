namespace Tandem.Plugins.Cpu.Graph;

/// <summary>The workspaces of the sessions that have delegates of this plugin, counted.</summary>
internal sealed class WorkspaceTable
{
    private readonly Dictionary<long, Workspace> _workspaces = [];

    /// <summary>The session's workspace; every call is paired with one of <see cref="Workspace.Release"/>.</summary>
    public Workspace Acquire(long sessionId)
    {
        lock (_workspaces)
        {
            if (!_workspaces.TryGetValue(sessionId, out var workspace))
            {
                workspace = new Workspace(this, sessionId);
                _workspaces.Add(sessionId, workspace);
            }

            workspace.Holders++;
            return workspace;
        }
    }

    /// <summary>Bytes of the session's workspace; 0 if it has none.</summary>
    public long ByteCountOf(long sessionId)
    {
        lock (_workspaces)
        {
            return _workspaces.TryGetValue(sessionId, out var workspace) ? workspace.ByteCount : 0;
        }
    }

    /// <summary>Gives up one hold.</summary>
    public void Release(Workspace workspace)
    {
        lock (_workspaces)
        {
            if (--workspace.Holders == 0)
            {
                _workspaces.Remove(workspace.SessionId);
                workspace.Dispose();
            }
        }
    }
}
