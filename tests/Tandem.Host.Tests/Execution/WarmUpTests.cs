using System.Runtime.CompilerServices;
using Tandem.Host.Kernels;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed class WarmUpTests
{
    private static readonly string Linear = Asset("linear.pte");

    [Fact]
    public void Backends_that_can_are_warmed_up_and_programs_run_once()
    {
        var backend = new WarmUpBackend();
        var calls = 0;
        using var runtime = CreateRuntime(backend, kernels => Count(kernels, () => calls++));

        runtime.WarmUp([Linear]);

        Assert.Equal(1, backend.WarmUps);
        Assert.True(calls > 0);
    }

    [Fact]
    public void Programs_that_a_backend_brings_along_run_once_a_warm_up_and_those_that_are_not_there_are_left_out()
    {
        var backend = new WarmUpBackend { Programs = [Linear, "no such program.pte"] };
        var calls = 0;
        using var runtime = CreateRuntime(backend, kernels => Count(kernels, () => calls++));

        runtime.WarmUp();
        var first = calls;
        runtime.WarmUp();

        Assert.Equal(2, backend.WarmUps);
        Assert.True(first > 0);
        Assert.Equal(2 * first, calls);
    }

    [Fact]
    public void A_runtime_without_backends_has_nothing_to_do()
    {
        using var runtime = new TandemRuntime(new TandemOptions { Threads = 1, PluginFolders = ["no such folder"] });

        runtime.WarmUp();

        Assert.Equal(0, runtime.DerivedData.Count);
    }

    [Fact]
    public void What_cannot_warm_up_is_left_to_the_programs_that_need_it()
    {
        var backend = new WarmUpBackend { Fails = true };
        using var runtime = CreateRuntime(backend);

        runtime.WarmUp(["no such program.pte", Linear]);

        Assert.Equal(1, backend.WarmUps);
    }

    [Fact]
    public void It_can_be_ended()
    {
        using var runtime = CreateRuntime(new WarmUpBackend());

        Assert.Throws<OperationCanceledException>(() => runtime.WarmUp([Linear], new CancellationToken(canceled: true)));
    }

    private static string Asset(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "assets", "programs", name);

    private static void Count(KernelRegistry kernels, Action called)
    {
        foreach (var name in kernels.Names)
        {
            Assert.True(kernels.TryGet(name, out var kernel));
            kernels.Replace(name, (context, arguments) =>
            {
                called();
                kernel(context, arguments);
            });
        }
    }

    private static TandemRuntime CreateRuntime(IBackendPlugin backend, Action<KernelRegistry>? configureKernels = null)
    {
        var options = new TandemOptions { Threads = 1, ConfigureKernels = configureKernels };
        options.Backends.InProcess["Test"] = backend;
        return new TandemRuntime(options);
    }

    private sealed class WarmUpBackend : IBackendPlugin, IBackendRuntime, IBackendWarmUp
    {
        public int WarmUps { get; private set; }

        public bool Fails { get; init; }

        public IReadOnlyList<string> Programs { get; init; } = [];

        public IBackendRuntime CreateRuntime(string backendId, HostServices services) => this;

        public BackendAvailability GetAvailability() => new(true, "here");

        public IBackendDelegate Initialize(DelegateInitializeContext context) => throw new NotSupportedException();

        public void WarmUp(CancellationToken cancellationToken)
        {
            WarmUps++;
            if (Fails)
            {
                throw new InvalidOperationException("no device");
            }
        }

        public void Dispose()
        {
        }
    }
}
