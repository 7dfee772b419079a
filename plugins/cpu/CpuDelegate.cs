using Tandem.Plugins.Cpu.Graph;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>A compiled graph for one session: all that it has of its own is the session's activation memory.</summary>
internal sealed class CpuDelegate : IBackendDelegate
{
    private readonly DerivedDataLease<CompiledGraph> _lease;
    private readonly Workspace _workspace;

    // The one that ran last: with as many sessions at once as there are executors each finds its shapes and addresses as it left them.
    private GraphExecutor _executor;
    private bool _isDisposed;

    public CpuDelegate(DerivedDataLease<CompiledGraph> lease, WorkspaceTable workspaces, long sessionId, KernelWarmUp warmUp)
    {
        _lease = lease;
        _executor = lease.Value.Executors.First(warmUp);
        _workspace = workspaces.Acquire(sessionId);
    }

    /// <inheritdoc/>
    public void Execute(DelegateExecuteContext context, Arguments arguments)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var executor = _executor;
        if (!executor.TryTake())
        {
            _executor = executor = _lease.Value.Executors.Take();
        }

        try
        {
            executor.Execute(context, arguments, _workspace);
        }
        finally
        {
            executor.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _workspace.Release();
        _lease.Dispose();
    }
}
