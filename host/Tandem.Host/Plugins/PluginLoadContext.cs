using System.Reflection;
using System.Runtime.Loader;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>
/// A plugin's own collectible load context. Only Tandem.Sdk is shared with the host; the plugin's other assemblies come from its folder, and so do
/// all native libraries: the manifest lists them, and nothing is looked for in search paths or the environment.
/// </summary>
/// <remarks>
/// Written here rather than taken from McMaster.NETCore.Plugins: that loader falls back to the host's assemblies and to the system's library search,
/// and silently uses a private copy of the contracts.
/// </remarks>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    private static readonly string SdkName = typeof(IBackendPlugin).Assembly.GetName().Name!;
    private static readonly string FrameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "";

    private readonly string _folder;
    private readonly string _manifestPath;
    private readonly PluginManifest _manifest;
    private readonly AssemblyDependencyResolver _resolver;

    internal PluginLoadContext(string folder, PluginManifest manifest)
        : base($"{manifest.Id} {manifest.Version}", manifest.IsUnloadable)
    {
        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _manifestPath = Path.Combine(_folder, PluginManifest.FileName);
        _manifest = manifest;
        _resolver = new AssemblyDependencyResolver(Path.Combine(_folder, manifest.Assembly));
    }

    /// <summary>Loads the plugin's own assembly; with a hash in the manifest, the very bytes that were hashed.</summary>
    internal Assembly LoadMain()
    {
        var path = PluginJudge.Resolve(_folder, _manifest.Assembly, _manifestPath);
        if (_manifest.AssemblySha256 is not { } hash)
        {
            return LoadFromAssemblyPath(path);
        }

        using var file = PluginJudge.Open(path);
        var bytes = new MemoryStream();
        file.CopyTo(bytes);
        bytes.Position = 0;
        PluginJudge.CheckHash(path, bytes, hash);
        bytes.Position = 0;
        return LoadFromStream(bytes);
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // A private copy of the contracts would make every type of them another type.
        if (assemblyName.Name == SdkName)
        {
            return typeof(IBackendPlugin).Assembly;
        }

        var path = _resolver.ResolveAssemblyToPath(assemblyName) is { } resolved && IsInside(resolved) ? resolved : Path.Combine(_folder, assemblyName.Name + ".dll");
        if (File.Exists(path))
        {
            return LoadFromAssemblyPath(PluginJudge.Resolve(_folder, Path.GetRelativePath(_folder, path), _manifestPath));
        }

        // Null hands the name to the default context. Only the framework may come from there: the host's other assemblies are none of a plugin's business.
        if (IsFramework(assemblyName.Name ?? "") || !string.IsNullOrEmpty(assemblyName.CultureName))
        {
            return null;
        }

        throw new TandemException(ErrorCode.PluginFileMissing, "the plugin asks for an assembly that is neither its own nor the framework's", new ErrorDetails
        {
            File = _folder,
            Expected = "an assembly in the plugin's folder",
            Found = assemblyName.FullName,
            NextStep = "publish the plugin with its dependencies (EnableDynamicLoading)",
        });
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        foreach (var candidate in new[] { unmanagedDllName, $"lib{unmanagedDllName}.so", $"{unmanagedDllName}.so", $"{unmanagedDllName}.dll", $"lib{unmanagedDllName}.dylib" })
        {
            foreach (var (library, hash) in _manifest.NativeLibraries)
            {
                if (Path.GetFileName(library) == candidate)
                {
                    var path = PluginJudge.Resolve(_folder, library, _manifestPath);

                    // Open while it is loaded: where the system has such locks, the file that was hashed is the file that is mapped.
                    using var file = PluginJudge.Open(path);
                    PluginJudge.CheckHash(path, file, hash);
                    return LoadUnmanagedDllFromPath(path);
                }
            }
        }

        throw new TandemException(ErrorCode.PluginFileMissing, "the plugin asks for a native library that its manifest does not list", new ErrorDetails
        {
            File = _manifestPath,
            Expected = _manifest.NativeLibraries.Count == 0 ? "no native library" : string.Join(", ", _manifest.NativeLibraries.Keys),
            Found = unmanagedDllName,
            NextStep = "list it in nativeLibraries, or load a system library with NativeLibrary.Load and its full path",
        });
    }

    private bool IsInside(string path) => Path.GetFullPath(path).StartsWith(_folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // A self-contained application has framework and host in one folder, or in one file; there only the names tell them apart.
    private static bool IsFramework(string name) =>
        FrameworkFolder.Length > 0 && FrameworkFolder != Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)
            ? name.AsSpan().IndexOfAny('/', '\\') < 0 && File.Exists(Path.Combine(FrameworkFolder, name + ".dll"))
            : name.StartsWith("System.", StringComparison.Ordinal) || name is "System" or "mscorlib" or "netstandard" or "Microsoft.CSharp" or "Microsoft.Win32.Primitives";
}
