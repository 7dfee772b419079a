using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>plugin.json: what a plugin is, judged before any of its code runs (docs/plugins.md).</summary>
public sealed record PluginManifest
{
    /// <summary>Name of the file in a plugin's folder.</summary>
    public const string FileName = "plugin.json";

    private const int MaxBytes = 1 << 20;

    /// <summary>Identity of the plugin, as in "acme.npu".</summary>
    public required string Id { get; init; }

    /// <summary>Version of the plugin.</summary>
    public required Version Version { get; init; }

    /// <summary>SDK versions that it works with.</summary>
    public required VersionRange Sdk { get; init; }

    /// <summary>Backend ids that it serves.</summary>
    public required IReadOnlyList<string> Backends { get; init; }

    /// <summary>Runtime identifiers that it runs on, as in "linux-x64"; "any" for all.</summary>
    public required IReadOnlyList<string> Platforms { get; init; }

    /// <summary>The assembly, relative to the folder.</summary>
    public required string Assembly { get; init; }

    /// <summary>Full name of the public class that implements <see cref="IBackendPlugin"/>.</summary>
    public required string EntryPoint { get; init; }

    /// <summary>Native libraries, relative to the folder, with the SHA-256 of each.</summary>
    public required IReadOnlyDictionary<string, string> NativeLibraries { get; init; }

    /// <summary>SHA-256 of the assembly; null to take any.</summary>
    public string? AssemblySha256 { get; init; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The manifest; its paths are not checked yet.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ManifestInvalid"/>.</exception>
    public static PluginManifest Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw Invalid(path, "the manifest is too long", $"at most {MaxBytes} bytes", $"{new FileInfo(path).Length} bytes");
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions
            {
                MaxDepth = 8,
                AllowDuplicateProperties = false,
                CommentHandling = JsonCommentHandling.Skip,
            });
            return Read(path, json.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            throw Invalid(path, "the manifest cannot be read", "the JSON that docs/plugins.md describes", error.Message, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, "the manifest cannot be opened", "a readable file", error.Message, error);
        }
    }

    private static PluginManifest Read(string path, JsonElement root)
    {
        string[] known = ["$schema", "id", "version", "sdk", "backends", "platforms", "assembly", "assemblySha256", "entryPoint", "nativeLibraries", "isolation", "description"];
        foreach (var property in root.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                throw Invalid(path, "the manifest has an unknown property", string.Join(", ", known), property.Name);
            }
        }

        if (root.TryGetProperty("isolation", out var isolation) && isolation.GetString() != "in-process")
        {
            throw Invalid(path, "the plugin asks for an isolation that this host does not offer", "in-process", isolation.GetString() ?? "null");
        }

        var sdk = Text(path, root, "sdk");
        return new PluginManifest
        {
            Id = Text(path, root, "id"),
            Version = Version.Parse(Text(path, root, "version")),
            Sdk = VersionRange.TryParse(sdk, out var range) ? range : throw Invalid(path, "the SDK range cannot be read", "as in \"[1.0,2.0)\"", sdk),
            Backends = List(path, root, "backends"),
            Platforms = List(path, root, "platforms"),
            Assembly = Text(path, root, "assembly"),
            AssemblySha256 = root.TryGetProperty("assemblySha256", out var hash) ? hash.GetString() : null,
            EntryPoint = Text(path, root, "entryPoint"),
            NativeLibraries = root.TryGetProperty("nativeLibraries", out var natives)
                ? natives.EnumerateArray().ToDictionary(item => item.GetProperty("path").GetString()!, item => item.GetProperty("sha256").GetString()!, StringComparer.Ordinal)
                : new Dictionary<string, string>(),
        };
    }

    private static string Text(string path, JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text ? text
        : throw Invalid(path, $"the manifest lacks '{name}'", "a string", "nothing");

    private static List<string> List(string path, JsonElement root, string name)
    {
        var items = root.TryGetProperty(name, out var value) ? value.EnumerateArray().Select(item => item.GetString() ?? "").ToList() : [];
        return items.Count > 0 && items.TrueForAll(item => item.Length > 0) ? items
            : throw Invalid(path, $"the manifest lacks '{name}'", "a list of strings that is not empty", items.Count == 0 ? "nothing" : "an empty string");
    }

    private static TandemException Invalid(string path, string problem, string expected, string found, Exception? inner = null) =>
        new(ErrorCode.ManifestInvalid, problem, new ErrorDetails { File = path, Expected = expected, Found = found, NextStep = "correct plugin.json (docs/plugins.md)" }, inner);
}
