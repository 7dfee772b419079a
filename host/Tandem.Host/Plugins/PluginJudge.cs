using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>Judges a plugin folder from its files alone: no code of the plugin runs.</summary>
internal static class PluginJudge
{
    /// <summary>Checks the manifest against this host, and the files that it names.</summary>
    /// <exception cref="TandemException">A code from 4001 to 4009.</exception>
    internal static void Judge(string folder, PluginManifest manifest)
    {
        var path = Path.Combine(folder, PluginManifest.FileName);
        if (!manifest.Sdk.Contains(SdkVersion.Current))
        {
            throw Refuse(ErrorCode.PluginSdkVersionMismatch, "the plugin is made for another SDK", path, $"SDK {manifest.Sdk}", $"SDK {SdkVersion.Current}",
                "get a version of the plugin for this SDK");
        }

        if (!manifest.Platforms.Any(RunsHere))
        {
            throw Refuse(ErrorCode.PluginPlatformMismatch, "the plugin does not run on this platform", path,
                string.Join(", ", manifest.Platforms), RuntimeInformation.RuntimeIdentifier, "get the plugin for this platform");
        }

        var assembly = Resolve(folder, manifest.Assembly, path);
        foreach (var (library, hash) in manifest.NativeLibraries)
        {
            CheckHash(Resolve(folder, library, path), hash);
        }

        if (manifest.AssemblySha256 is { } assemblyHash)
        {
            CheckHash(assembly, assemblyHash);
        }

        foreach (var (file, hash) in manifest.Files)
        {
            var full = Resolve(folder, file, path);
            if (hash is not null)
            {
                CheckHash(full, hash);
            }
        }

        CheckReference(assembly);
    }

    /// <summary>Things that a person should know, and that do not make the plugin unusable.</summary>
    internal static IReadOnlyList<string> Notes(string folder, PluginManifest manifest)
    {
        var notes = new List<string>();
        if (File.Exists(Path.Combine(folder, "Tandem.Sdk.dll")))
        {
            notes.Add("the folder holds a copy of Tandem.Sdk.dll, which is not used: the host's is");
        }

        if (manifest.AssemblySha256 is null)
        {
            notes.Add("the manifest names no hash of the assembly");
        }

        if (!manifest.IsUnloadable)
        {
            notes.Add("the plugin stays in the process once it is started");
        }

        return notes;
    }

    /// <summary>The full path of a file of the plugin; never outside its folder, also not through a link.</summary>
    internal static string Resolve(string folder, string relative, string manifestPath)
    {
        // ':' is a drive or a hidden stream, '\\' another separator on another system: one spelling is right everywhere.
        if (relative.Length == 0 || relative.AsSpan().ContainsAny(":\\\0") || Path.IsPathRooted(relative))
        {
            throw Escapes(manifestPath, relative);
        }

        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        var full = Path.GetFullPath(Path.Combine(root, relative));
        if (!full.StartsWith(root, StringComparison.Ordinal))
        {
            throw Escapes(manifestPath, relative);
        }

        // A link inside the folder may point anywhere.
        for (var part = full; part.Length > root.Length; part = Path.GetDirectoryName(part)!)
        {
            FileSystemInfo info = Directory.Exists(part) ? new DirectoryInfo(part) : new FileInfo(part);
            if (info.LinkTarget is not null)
            {
                throw Escapes(manifestPath, relative);
            }
        }

        // A pipe or a device says that it has no bytes, and reading it may never end.
        return new FileInfo(full) is { Exists: true, Length: > 0 } ? full
            : throw Refuse(ErrorCode.PluginFileMissing, "a file of the plugin is missing", manifestPath, relative, File.Exists(full) ? "no bytes" : "no such file", "install the plugin anew");
    }

    internal static void CheckHash(string path, string expected)
    {
        using var file = Open(path);
        CheckHash(path, file, expected);
    }

    /// <summary>Opens a file of a plugin for reading, so that where the system has such locks nobody changes it meanwhile.</summary>
    internal static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Refuse(ErrorCode.PluginFileMissing, "a file of the plugin cannot be opened", path, "a readable file", error.Message, "install the plugin anew");
        }
    }

    internal static void CheckHash(string path, Stream content, string expected)
    {
        var found = Convert.ToHexStringLower(SHA256.HashData(content));
        if (!found.Equals(expected, StringComparison.OrdinalIgnoreCase))
        {
            throw Refuse(ErrorCode.PluginHashMismatch, "a file is not the one that the manifest describes", path, $"SHA-256 {expected}", found, "install the plugin anew");
        }
    }

    private static bool RunsHere(string platform) => platform == "any" || platform == RuntimeInformation.RuntimeIdentifier
        || platform == $"{OperatingSystemName}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    private static string OperatingSystemName => OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : OperatingSystem.IsAndroid() ? "android" : "linux";

    // The reference to Tandem.Sdk is read from metadata: a major that differs would fail later, in the middle of loading types.
    private static void CheckReference(string assembly)
    {
        try
        {
            using var file = Open(assembly);
            using var portable = new PEReader(file);
            var metadata = portable.HasMetadata ? portable.GetMetadataReader() : throw new BadImageFormatException("no .NET metadata");
            var host = typeof(IBackendPlugin).Assembly.GetName();
            foreach (var handle in metadata.AssemblyReferences)
            {
                var reference = metadata.GetAssemblyReference(handle);
                if (metadata.GetString(reference.Name) == host.Name)
                {
                    if (reference.Version.Major != host.Version!.Major)
                    {
                        throw Refuse(ErrorCode.PluginSdkVersionMismatch, "the assembly is compiled against another major of the SDK", assembly,
                            $"{host.Name} {host.Version.Major}.x", $"{reference.Version}", "get a version of the plugin for this SDK");
                    }

                    return;
                }
            }

            throw Refuse(ErrorCode.PluginEntryPointInvalid, "the assembly does not reference the SDK", assembly, host.Name!, "no such reference", "name the assembly that implements IBackendPlugin");
        }
        catch (Exception error) when (error is not TandemException and not OutOfMemoryException)
        {
            throw new TandemException(ErrorCode.PluginEntryPointInvalid, "the file is not a .NET assembly",
                new ErrorDetails { File = assembly, Expected = "a .NET assembly", Found = error.Message }, error);
        }
    }

    private static TandemException Escapes(string manifest, string relative) => Refuse(ErrorCode.PluginPathEscapes, "a path leaves the plugin's folder", manifest,
        "a relative path inside the folder, without links", relative, "correct plugin.json");

    private static TandemException Refuse(ErrorCode code, string problem, string file, string expected, string found, string next) =>
        new(code, problem, new ErrorDetails { File = file, Expected = expected, Found = found, NextStep = next });
}
