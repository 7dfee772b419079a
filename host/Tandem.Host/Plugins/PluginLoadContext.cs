using System.Reflection;
using System.Runtime.Loader;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>
/// A plugin's own collectible load context. Only Tandem.Sdk is shared with the host; the plugin's other assemblies come from its folder, and so do
/// all native libraries: the manifest lists them, and nothing is looked for in search paths or the environment.
/// </summary>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    private readonly string _folder;
    private readonly PluginManifest _manifest;
    private readonly AssemblyDependencyResolver _resolver;

    internal PluginLoadContext(string folder, PluginManifest manifest)
        : base($"{manifest.Id} {manifest.Version}", isCollectible: true)
    {
        _folder = folder;
        _manifest = manifest;
        _resolver = new AssemblyDependencyResolver(Path.Combine(folder, manifest.Assembly));
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // A private copy of the contracts would make every type of them another type.
        if (assemblyName.Name == typeof(IBackendPlugin).Assembly.GetName().Name)
        {
            return typeof(IBackendPlugin).Assembly;
        }

        var path = _resolver.ResolveAssemblyToPath(assemblyName);
        if (path is null || !path.StartsWith(Path.GetFullPath(_folder), StringComparison.Ordinal))
        {
            var beside = Path.Combine(_folder, assemblyName.Name + ".dll");
            path = File.Exists(beside) ? beside : null;
        }

        // Null hands the name to the default context, which knows the framework's assemblies.
        return path is null ? null : LoadFromAssemblyPath(path);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        foreach (var candidate in new[] { unmanagedDllName, $"lib{unmanagedDllName}.so", $"{unmanagedDllName}.so", $"{unmanagedDllName}.dll", $"lib{unmanagedDllName}.dylib" })
        {
            foreach (var (library, hash) in _manifest.NativeLibraries)
            {
                if (Path.GetFileName(library) == candidate)
                {
                    var path = PluginJudge.Resolve(_folder, library, Path.Combine(_folder, PluginManifest.FileName));
                    PluginJudge.CheckHash(path, hash);
                    return LoadUnmanagedDllFromPath(path);
                }
            }
        }

        throw new TandemException(ErrorCode.PluginFileMissing, "the plugin asks for a native library that its manifest does not list", new ErrorDetails
        {
            File = Path.Combine(_folder, PluginManifest.FileName),
            Expected = _manifest.NativeLibraries.Count == 0 ? "no native library" : string.Join(", ", _manifest.NativeLibraries.Keys),
            Found = unmanagedDllName,
            NextStep = "list it in nativeLibraries, or load a system library with NativeLibrary.Load and its full path",
        });
    }
}
