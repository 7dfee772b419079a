using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Plugins;

/// <summary>T6: what was loaded leaves the process, every time.</summary>
public sealed class PluginUnloadTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // More by command: TANDEM_UNLOAD_CYCLES=1000.
    private static readonly int Cycles = int.TryParse(Environment.GetEnvironmentVariable("TANDEM_UNLOAD_CYCLES"), CultureInfo.InvariantCulture, out var count) ? count : 100;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void T6_LoadRunUnloadInCycles(bool withHash)
    {
        using var folder = new PluginFolder();
        folder.AddGood("good", manifest => manifest["assemblySha256"] = withHash ? PluginFolder.Hash(PluginFolder.Binary("AddPlugin.dll")) : null);
        if (!withHash)
        {
            Rewrite(folder.Path, text => text.Replace(",\"assemblySha256\":null", "", StringComparison.Ordinal));
        }

        var record = folder.Record("good");
        Assert.Null(record.Refusal);
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());
        var (warmUp, start) = (Cycles / 4, default(Footprint));
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            if (cycle == warmUp)
            {
                start = Footprint.Now();
            }

            Use(resolver);
            Assert.True(record.IsStarted);
            resolver.Forget();
            var result = record.TryUnload(Limit);
            Assert.True(result.IsUnloaded, $"cycle {cycle}: {result.Reason}");
            Assert.False(record.IsStarted);
        }

        if (OperatingSystem.IsLinux())
        {
            // Other tests map and open files meanwhile: only this folder's count.
            Assert.DoesNotContain(File.ReadLines("/proc/self/maps"), line => line.Contains(folder.Path, StringComparison.Ordinal));
            Assert.DoesNotContain(Directory.EnumerateFiles("/proc/self/fd"), link => TargetOf(link).StartsWith(folder.Path, StringComparison.Ordinal));
            var (end, counted) = (Footprint.Now(), Cycles - warmUp);
            TestContext.Current.TestOutputHelper?.WriteLine($"after {warmUp} cycles: {start}; after {Cycles}: {end}");

            // Enough cycles tell growth from the noise of the collector and of other tests; by command this test runs alone.
            if (Cycles >= 1000)
            {
                Assert.True(end.Handles <= start.Handles + 2, $"{start} -> {end}");
                Assert.True(end.Mappings - start.Mappings < counted / 10, $"{start} -> {end}");
                Assert.True(end.ResidentPages - start.ResidentPages <= counted, $"{start} -> {end}");
            }
        }
    }

    [Theory]
    [InlineData("ThrowsInConstructor")]
    [InlineData("ThrowsTypedInConstructor")]
    [InlineData("ThrowsInCreateRuntime")]
    [InlineData("IsNoPlugin")]
    public void AStartThatFailsLeavesNothingBehind(string entryPoint)
    {
        using var folder = new PluginFolder();
        folder.AddBroken(entryPoint);
        var loader = new WatchedLoader();
        var context = StartAndFail(folder, loader);
        for (var i = 0; i < 100 && context.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(context.IsAlive);
    }

    [Fact]
    public void AStartedPluginStaysUsableOverCollections()
    {
        // A context that nobody holds begins to unload at the first collection, and then loads no further assembly.
        using var folder = new PluginFolder();
        folder.AddGood();
        var record = folder.Record("good");
        Use(record);
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.NotNull(LoadFurther(record));
        Assert.True(record.TryUnload(Limit).IsUnloaded);
    }

    [Fact]
    [ProducesError(ErrorCode.PluginUnloadFailed)]
    public void APluginThatHoldsItselfIsReported()
    {
        using var folder = new PluginFolder();
        folder.AddBroken("LeavesHandleBehind");
        folder.AddGood();
        folder.Record("broken").GetRuntime("AddBackend");

        var result = Assert.Single(folder.Catalog.Unload("broken", TimeSpan.FromMilliseconds(50)));

        Assert.False(result.IsUnloaded);
        Assert.Equal(ErrorCode.PluginUnloadFailed, result.Code);
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());
        Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(resolver.Resolve("forward", "AddBackend")));
    }

    [Fact]
    public void ARuntimeThatSomebodyHoldsIsReportedAndGoesLater()
    {
        using var folder = new PluginFolder();
        folder.AddGood();
        var record = folder.Record("good");
        HoldWhileUnloading(record);
        Use(record);
        Assert.True(record.TryUnload(Limit).IsUnloaded);
    }

    [Fact]
    public void APluginThatThrowsWhileItStopsIsReported()
    {
        using var folder = new PluginFolder();
        folder.AddBroken("ThrowsInDispose");
        var record = folder.Record("broken");
        record.GetRuntime("AddBackend");

        var result = record.TryUnload(Limit);

        Assert.Equal(ErrorCode.PluginUnloadFailed, result.Code);
        Assert.Contains("does not want to go", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void APluginThatCannotBeUnloadedIsStoppedAndSaysSo()
    {
        using var folder = new PluginFolder();
        folder.AddGood("good", manifest => manifest["unloadable"] = false);
        var record = folder.Record("good");
        Use(record);

        var result = record.TryUnload(Limit);

        Assert.False(result.IsUnloaded);
        Assert.Null(result.Code);
        Assert.False(record.IsStarted);
        Use(record);
    }

    [Fact]
    public void TheRuntimeUnloadsByIdAndStartsAnew()
    {
        using var folder = new PluginFolder();
        folder.AddGood();
        using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [folder.Path], Threads = 1 });
        Use(runtime.Resolver);
        Assert.True(Assert.Single(runtime.UnloadPlugin("good", Limit)).IsUnloaded);
        Use(runtime.Resolver);
        Assert.Empty(runtime.UnloadPlugin("absent", Limit));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(IBackendResolver resolver) => Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(resolver.Resolve("forward", "AddBackend")));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(PluginRecord record) => Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(record.GetRuntime("AddBackend").Runtime!));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string? LoadFurther(PluginRecord record)
    {
        var context = AssemblyLoadContext.GetLoadContext(record.GetRuntime("AddBackend").Runtime!.GetType().Assembly)!;
        return context.LoadFromAssemblyPath(PluginFolder.Binary("BrokenPlugins.dll")).FullName;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HoldWhileUnloading(PluginRecord record)
    {
        var (runtime, _) = record.GetRuntime("AddBackend");
        Assert.Equal(ErrorCode.PluginUnloadFailed, record.TryUnload(TimeSpan.FromMilliseconds(50)).Code);
        GC.KeepAlive(runtime);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference StartAndFail(PluginFolder folder, WatchedLoader loader)
    {
        var record = new PluginRecord(Path.Combine(folder.Path, "broken"), loader, folder.Catalog.InProcessServices, TimeSpan.FromSeconds(10));
        Assert.Null(record.Refusal);
        Assert.Null(record.GetRuntime("AddBackend").Runtime);
        Assert.NotNull(record.Refusal);
        return loader.Context!;
    }

    private static void Rewrite(string folder, Func<string, string> change)
    {
        var path = Path.Combine(folder, "good", PluginManifest.FileName);
        File.WriteAllText(path, change(File.ReadAllText(path)));
    }

    private static string TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private readonly record struct Footprint(int Handles, int Mappings, long ResidentPages)
    {
        public static Footprint Now() => OperatingSystem.IsLinux()
            ? new(Directory.GetFiles("/proc/self/fd").Length, File.ReadLines("/proc/self/maps").Count(), Environment.WorkingSet / Environment.SystemPageSize)
            : default;
    }

    /// <summary>Remembers the context also where the load fails.</summary>
    private sealed class WatchedLoader : IPluginLoader
    {
        private readonly PluginLoader _loader = new();

        public WeakReference? Context { get; private set; }

        public IBackendPlugin Load(string folder, PluginManifest manifest, out AssemblyLoadContext context)
        {
            context = null!;
            try
            {
                return _loader.Load(folder, manifest, out context);
            }
            finally
            {
                Context = new WeakReference(context, trackResurrection: true);
            }
        }

        public void Unload(AssemblyLoadContext context) => _loader.Unload(context);
    }
}
