using Tandem.Host;

namespace Tandem.Interop.Tests;

/// <summary>A runtime that finds the CPU plugin where the build deployed it.</summary>
internal static class CpuPlugin
{
    internal static TandemRuntime CreateRuntime() => new(new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] });
}
