using Tandem.Sdk;

namespace Tandem.Host.Tests.Execution;

/// <summary>A backend of this process: out = in + 1, with whatever a test wants to go wrong.</summary>
internal sealed class TestBackend : IBackendPlugin, IBackendRuntime
{
    private IBackendDelegate? _shared;

    internal List<string> Events { get; } = [];

    internal bool IsShared { get; init; }

    internal bool IsMissing { get; init; }

    internal Action<DelegateInitializeContext>? OnInitialize { get; set; }

    internal Action<DelegateExecuteContext>? OnExecute { get; set; }

    internal Action? OnDispose { get; set; }

    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => this;

    /// <summary>What the runtime says that it holds for a session.</summary>
    public long SessionBytes { get; set; }

    public long GetSessionBytes(long sessionId) => SessionBytes;

    public BackendAvailability GetAvailability() => new(!IsMissing, IsMissing ? "no such device" : "always");

    public IBackendDelegate Initialize(DelegateInitializeContext context)
    {
        OnInitialize?.Invoke(context);
        Events.Add($"init {context.MethodName} {context.DelegateIndex}");
        return IsShared ? _shared ??= new Adder(this, "shared") : new Adder(this, $"{context.MethodName} {context.DelegateIndex}");
    }

    public void Dispose()
    {
    }

    private sealed class Adder(TestBackend backend, string name) : IBackendDelegate
    {
        public void Execute(DelegateExecuteContext context, Arguments arguments)
        {
            backend.OnExecute?.Invoke(context);
            var input = arguments.Tensor(0).AsReadOnlySpan<float>();
            var output = arguments.Tensor(1).AsSpan<float>();
            for (var i = 0; i < output.Length; i++)
            {
                output[i] = input[i] + 1;
            }
        }

        public void Dispose()
        {
            backend.Events.Add($"dispose {name}");
            backend.OnDispose?.Invoke();
        }
    }
}
