using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>plugin.json: what a plugin is, judged before any of its code runs (docs/plugins.md).</summary>
public sealed record PluginManifest
{
    /// <summary>Name of the file in a plugin's folder.</summary>
    public const string FileName = "plugin.json";

    private const int MaxBytes = 1 << 20;
    private const int MaxTextLength = 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

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

    /// <summary>SHA-256 of the assembly; null to take any. Where it is given, the bytes that were hashed are the bytes that are loaded.</summary>
    public string? AssemblySha256 { get; init; }

    /// <summary>Other files that must be there, relative to the folder, each with its SHA-256 or null to take any content.</summary>
    public IReadOnlyDictionary<string, string?> Files { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether the plugin can be taken out of a running process; false for native code that keeps threads or global state.</summary>
    public bool IsUnloadable { get; init; } = true;

    /// <summary>Reads a manifest.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The manifest; its paths are not checked yet.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ManifestInvalid"/>.</exception>
    public static PluginManifest Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(ReadBytes(path), new JsonDocumentOptions
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

    private static ReadOnlyMemory<byte> ReadBytes(string path)
    {
        var file = new FileInfo(path);

        // A pipe or a device says that it has no bytes, and opening or reading it may never end.
        if (file.LinkTarget is not null || !file.Exists || file.Length == 0)
        {
            throw Invalid(path, "the manifest is not a plain file with content", "a file", file.LinkTarget is not null ? "a link" : file.Exists ? "no bytes" : "no such file");
        }

        using var stream = file.OpenRead();
        var bytes = new byte[(int)Math.Min(stream.Length, MaxBytes) + 1];
        var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (count > MaxBytes || count == bytes.Length)
        {
            throw Invalid(path, "the manifest is too long, or grows while it is read", $"at most {MaxBytes} bytes", $"{stream.Length} bytes");
        }

        var content = bytes.AsMemory(0, count);
        return content.Span.StartsWith(ByteOrderMark) ? content[ByteOrderMark.Length..] : content;
    }

    private static PluginManifest Read(string path, JsonElement root)
    {
        string[] known =
        [
            "$schema", "id", "version", "sdk", "backends", "platforms", "assembly", "assemblySha256", "entryPoint", "nativeLibraries", "files", "isolation",
            "unloadable", "signature", "description",
        ];
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

        // A signature that nobody checks would be a promise that nobody keeps.
        if (root.TryGetProperty("signature", out _))
        {
            throw Invalid(path, "the manifest carries a signature, which this host cannot check", "no 'signature'", "a signature");
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
            AssemblySha256 = root.TryGetProperty("assemblySha256", out var hash) ? Hash(path, hash.GetString()) : null,
            EntryPoint = Text(path, root, "entryPoint"),
            NativeLibraries = ListFiles(path, root, "nativeLibraries").ToDictionary(item => item.Path, item => Hash(path, item.Sha256), StringComparer.Ordinal),
            Files = ListFiles(path, root, "files").ToDictionary(item => item.Path, item => item.Sha256 is null ? null : Hash(path, item.Sha256), StringComparer.Ordinal),
            IsUnloadable = !root.TryGetProperty("unloadable", out var unloadable) || unloadable.GetBoolean(),
        };
    }

    private static string Text(string path, JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.GetString() is { } text && IsName(text) ? text
        : throw Invalid(path, $"the manifest lacks '{name}'", $"a string of 1 to {MaxTextLength} characters, none of them a control character", "nothing, or another string");

    private static bool IsName(string text) => text.Length is > 0 and <= MaxTextLength && !text.Any(char.IsControl);

    private static string Hash(string path, string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigit) ? text
        : throw Invalid(path, "a hash cannot be read", "SHA-256 as 64 hexadecimal digits", text ?? "nothing");

    private static IEnumerable<(string Path, string? Sha256)> ListFiles(string path, JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var list))
        {
            yield break;
        }

        foreach (var item in list.EnumerateArray())
        {
            foreach (var property in item.EnumerateObject())
            {
                if (property.Name is not ("path" or "sha256"))
                {
                    throw Invalid(path, $"an entry of '{name}' has an unknown property", "path, sha256", property.Name);
                }
            }

            yield return (Text(path, item, "path"), item.TryGetProperty("sha256", out var hash) ? hash.GetString() : null);
        }
    }

    private static List<string> List(string path, JsonElement root, string name)
    {
        var items = root.TryGetProperty(name, out var value) ? value.EnumerateArray().Select(item => item.GetString() ?? "").ToList() : [];
        return items.Count > 0 && items.TrueForAll(IsName) && items.Distinct(StringComparer.Ordinal).Count() == items.Count ? items
            : throw Invalid(path, $"the manifest lacks '{name}'", "a list of different strings that is not empty", items.Count == 0 ? "nothing" : "an empty, too long or repeated string");
    }

    private static TandemException Invalid(string path, string problem, string expected, string found, Exception? inner = null) =>
        new(ErrorCode.ManifestInvalid, problem, new ErrorDetails { File = path, Expected = expected, Found = found, NextStep = "correct plugin.json (docs/plugins.md)" }, inner);
}
