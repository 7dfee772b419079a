using Tandem.Host;
using Tandem.Plugins.Cpu.WarmUp.Generator;
using Tandem.Tests;
using Xunit;

namespace Tandem.Interop.Tests.WarmUp;

/// <summary>The program that the CPU plugin brings along to warm up with.</summary>
[Collection(ProcessWideCollection.Name)]
public sealed class WarmUpProgramTests
{
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "plugins", "cpu", WarmUpProgram.FileName);

    [Fact]
    public void The_checked_in_program_is_what_the_generator_writes()
    {
        var written = Path.GetTempFileName();
        try
        {
            using var runtime = CpuPlugin.CreateRuntime();
            WarmUpProgram.Write(runtime, written);

            Assert.True(
                System.IO.File.ReadAllBytes(File).AsSpan().SequenceEqual(System.IO.File.ReadAllBytes(written)),
                "another program: dotnet run --project tests/benchmarks/Tandem.Benchmarks -c Release -- generate plugins/cpu/WarmUp");
        }
        finally
        {
            System.IO.File.Delete(written);
        }
    }

    [Fact]
    public void Every_method_loads()
    {
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(File);

        Assert.Equal(["decode", "image", "prefill"], program.MethodNames.Order());
        using var session = program.CreateSession();
        Assert.All(program.MethodNames, name => Assert.NotNull(session.GetMethod(name)));
    }

    [Fact]
    public void Warming_up_leaves_nothing_loaded_and_may_be_repeated()
    {
        using var runtime = CpuPlugin.CreateRuntime();
        runtime.WarmUp();
        var before = Managed();
        runtime.WarmUp();

        Assert.Equal(0, runtime.DerivedData.Count);
        Assert.Equal(0, runtime.DerivedData.ByteCount);
        Assert.InRange(Managed() - before, long.MinValue, 300_000);
    }

    [Fact]
    public void A_program_computes_the_same_with_and_without_it()
    {
        using var cold = CpuPlugin.CreateRuntime();
        using var warm = CpuPlugin.CreateRuntime();
        warm.WarmUp();

        Assert.Equal(Logits(cold), Logits(warm));
    }

    [Fact]
    public void A_packed_cache_is_read_when_it_warms_up_again()
    {
        var folder = Directory.CreateTempSubdirectory("tandem-warm-up-").FullName;
        try
        {
            Run();
            var written = Names();
            Run();

            Assert.NotEmpty(written);
            Assert.Equal(written, Names());
        }
        finally
        {
            Directory.Delete(folder, true);
        }

        void Run()
        {
            var options = new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] };
            options.Backends.PluginOptions["tandem.cpu"] = new() { ["packed_cache"] = folder };
            using var runtime = new TandemRuntime(options);
            runtime.WarmUp();
        }

        string[] Names() => [.. Directory.EnumerateFiles(folder, "*.packed").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
    }

    private static float[] Logits(TandemRuntime runtime)
    {
        using var program = runtime.LoadProgram(File);
        using var session = program.CreateSession();
        var method = session.GetMethod("prefill");
        method.SetInput<long>(0, [5, 9, 1], [1, 3]);
        method.SetInput<long>(1, [0, 1, 2], [3]);
        method.Execute();
        return method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    private static long Managed()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(true);
    }
}
