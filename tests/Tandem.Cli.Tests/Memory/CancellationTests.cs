using System.Diagnostics;
using Tandem.Host;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Cli.Tests.Memory;

/// <summary>One long product in the CPU plugin, cancelled in the middle.</summary>
public sealed class CancellationTests : IDisposable
{
    private const int Rows = 4096;
    private const int Width = 2048;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tandem-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_long_product_ends_soon_after_it_is_cancelled_and_the_session_stays_usable(int threads)
    {
        var options = new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")], Threads = threads };
        using var runtime = new TandemRuntime(options);
        using var program = runtime.LoadProgram(Write(runtime));
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        var input = Enumerable.Range(0, Rows * Width).Select(i => (i % 13) - 6f).ToArray();
        method.SetInput<float>(0, input, [Rows, Width]);
        method.Execute();
        var clock = Stopwatch.StartNew();
        method.Execute();
        var whole = clock.Elapsed;
        var expected = method.GetOutput(0).AsReadOnlySpan<float>().ToArray();

        using var cancellation = new CancellationTokenSource();
        var late = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var source = new CancellationTokenSource();
            var cancelled = 0L;
            using var registration = source.Token.Register(() => cancelled = Stopwatch.GetTimestamp());
            source.CancelAfter(whole / 5);
            Assert.ThrowsAny<OperationCanceledException>(() => method.Execute(source.Token));
            var took = Stopwatch.GetElapsedTime(cancelled);
            late = took < late ? took : late;
        }

        // A few milliseconds on a quiet machine: the best of five is far below the rest of the product.
        Assert.True(late < whole / 3, $"{late.TotalMilliseconds} ms after it was cancelled, of {whole.TotalMilliseconds} ms");
        TestContext.Current.TestOutputHelper?.WriteLine($"{late.TotalMilliseconds:F1} ms after it was cancelled, of {whole.TotalMilliseconds:F1} ms");

        method.Execute(cancellation.Token);
        Assert.True(method.GetOutput(0).AsReadOnlySpan<float>().SequenceEqual(expected));
    }

    private string Write(TandemRuntime runtime)
    {
        var builder = new ExportedProgramBuilder();
        var random = new Random(1);
        var weight = builder.Parameter<float>("weight", [.. Enumerable.Range(0, Width * Width).Select(_ => random.NextSingle() - 0.5f)], [Width, Width]);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, Rows, Width).Linear(weight)));
        var path = Path.Combine(_folder.FullName, "product.pte");
        new ProgramLowering(runtime, new LoweringOptions { Backends = { Order = ["tandem.cpu"] } }).Lower(builder.Build(), path);
        return path;
    }
}
