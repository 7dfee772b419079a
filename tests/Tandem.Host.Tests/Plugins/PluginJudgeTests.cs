using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.Json.Nodes;
using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Plugins;

/// <summary>Plugins that are wrong in their files: refused before any of their code runs.</summary>
public sealed class PluginJudgeTests
{
    private const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";

    public static TheoryData<string, string, ErrorCode> Manifests => new()
    {
        { "sdk", "\"[2.0,3.0)\"", ErrorCode.PluginSdkVersionMismatch },
        { "sdk", "\"(1.0,2.0)\"", ErrorCode.PluginSdkVersionMismatch },
        { "sdk", "\"next\"", ErrorCode.ManifestInvalid },
        { "sdk", "\"[2.0,1.0]\"", ErrorCode.ManifestInvalid },
        { "platforms", "[\"plan9-vax\"]", ErrorCode.PluginPlatformMismatch },
        { "platforms", "[]", ErrorCode.ManifestInvalid },
        { "platforms", "\"any\"", ErrorCode.ManifestInvalid },
        { "assembly", "\"absent.dll\"", ErrorCode.PluginFileMissing },
        { "assembly", "\"../outside.dll\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"sub/../../outside.dll\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"/etc/hostname\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"..\\\\outside.dll\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"AddPlugin.dll:stream\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"link.dll\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"linked/AddPlugin.dll\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"empty.dll\"", ErrorCode.PluginFileMissing },
        { "assembly", "\"sub\"", ErrorCode.PluginFileMissing },
        { "assembly", "\".\"", ErrorCode.PluginPathEscapes },
        { "assembly", "\"plugin.json\"", ErrorCode.PluginEntryPointInvalid },
        { "assembly", "\"a\\u0000b\"", ErrorCode.ManifestInvalid },
        { "assembly", "5", ErrorCode.ManifestInvalid },
        { "assemblySha256", $"\"{Zeros}\"", ErrorCode.PluginHashMismatch },
        { "assemblySha256", "\"short\"", ErrorCode.ManifestInvalid },
        { "nativeLibraries", $"[{{\"path\":\"absent.so\",\"sha256\":\"{Zeros}\"}}]", ErrorCode.PluginFileMissing },
        { "nativeLibraries", $"[{{\"path\":\"AddPlugin.dll\",\"sha256\":\"{Zeros}\"}}]", ErrorCode.PluginHashMismatch },
        { "nativeLibraries", $"[{{\"path\":\"../AddPlugin.dll\",\"sha256\":\"{Zeros}\"}}]", ErrorCode.PluginPathEscapes },
        { "nativeLibraries", "[{\"path\":\"AddPlugin.dll\"}]", ErrorCode.ManifestInvalid },
        { "nativeLibraries", $"[{{\"path\":\"a\",\"sha256\":\"{Zeros}\"}},{{\"path\":\"a\",\"sha256\":\"{Zeros}\"}}]", ErrorCode.ManifestInvalid },
        { "nativeLibraries", "{}", ErrorCode.ManifestInvalid },
        { "files", "[{\"path\":\"absent.bin\"}]", ErrorCode.PluginFileMissing },
        { "files", $"[{{\"path\":\"AddPlugin.dll\",\"sha256\":\"{Zeros}\"}}]", ErrorCode.PluginHashMismatch },
        { "files", "[{\"path\":\"AddPlugin.dll\",\"size\":1}]", ErrorCode.ManifestInvalid },
        { "isolation", "\"worker\"", ErrorCode.ManifestInvalid },
        { "signature", "\"AAAA\"", ErrorCode.ManifestInvalid },
        { "unloadable", "\"yes\"", ErrorCode.ManifestInvalid },
        { "colour", "\"green\"", ErrorCode.ManifestInvalid },
        { "id", "\"\"", ErrorCode.ManifestInvalid },
        { "id", "null", ErrorCode.ManifestInvalid },
        { "version", "\"one\"", ErrorCode.ManifestInvalid },
        { "version", "\"99999999999.0\"", ErrorCode.ManifestInvalid },
        { "backends", "[]", ErrorCode.ManifestInvalid },
        { "backends", "[\"A\",\"A\"]", ErrorCode.ManifestInvalid },
        { "backends", "[[[[[[[[[[1]]]]]]]]]]", ErrorCode.ManifestInvalid },
    };

    [Theory]
    [MemberData(nameof(Manifests))]
    [ProducesError(ErrorCode.ManifestInvalid)]
    [ProducesError(ErrorCode.PluginFileMissing)]
    [ProducesError(ErrorCode.PluginHashMismatch)]
    [ProducesError(ErrorCode.PluginSdkVersionMismatch)]
    [ProducesError(ErrorCode.PluginPlatformMismatch)]
    [ProducesError(ErrorCode.PluginPathEscapes)]
    public void AManifestThatIsWrongIsRefusedWithoutRunningCode(string property, string json, ErrorCode code)
    {
        using var folder = new PluginFolder();
        var wrong = folder.AddGood("a-wrong", manifest => manifest[property] = JsonNode.Parse(json));
        Directory.CreateDirectory(Path.Combine(wrong, "sub"));
        File.WriteAllText(Path.Combine(wrong, "empty.dll"), "");
        File.CreateSymbolicLink(Path.Combine(wrong, "link.dll"), PluginFolder.Binary("AddPlugin.dll"));
        Directory.CreateSymbolicLink(Path.Combine(wrong, "linked"), Path.GetDirectoryName(PluginFolder.Binary("AddPlugin.dll"))!);
        AssertRefused(folder, code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"id\":\"a\",\"id\":\"b\"}")]
    [InlineData("\u0000\u0001\u0002")]
    public void JsonThatIsNoManifestIsRefused(string text)
    {
        using var folder = new PluginFolder();
        var wrong = folder.AddGood("a-wrong");
        File.WriteAllText(Path.Combine(wrong, PluginManifest.FileName), text);
        AssertRefused(folder, ErrorCode.ManifestInvalid);
    }

    [Fact]
    public void AManifestOverTheLimitIsRefused()
    {
        using var folder = new PluginFolder();
        folder.AddGood("a-wrong", manifest => manifest["description"] = new string('x', 1 << 20));
        AssertRefused(folder, ErrorCode.ManifestInvalid);
    }

    [Fact]
    public void AManifestThatIsALinkIsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev/zero");
        using var folder = new PluginFolder();
        var manifest = Path.Combine(folder.AddGood("a-wrong"), PluginManifest.FileName);
        File.Delete(manifest);
        File.CreateSymbolicLink(manifest, "/dev/zero");
        AssertRefused(folder, ErrorCode.ManifestInvalid);
    }

    [Fact]
    public void EveryTruncationOfAManifestIsRefusedOrRead()
    {
        using var folder = new PluginFolder();
        var path = Path.Combine(folder.AddGood(), PluginManifest.FileName);
        var bytes = File.ReadAllBytes(path);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.Equal(ErrorCode.ManifestInvalid, Assert.Throws<TandemException>(() => PluginManifest.Read(path)).Code);
        }

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var copy = bytes.ToArray();
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, copy);
            try
            {
                PluginJudge.Judge(Path.GetDirectoryName(path)!, PluginManifest.Read(path));
            }
            catch (TandemException error)
            {
                Assert.InRange((int)error.Code, 4001, 4009);
            }
        }
    }

    [Fact]
    public void AnAssemblyForAnotherMajorOfTheSdkIsRefusedFromItsMetadata()
    {
        using var folder = new PluginFolder();
        var wrong = folder.AddGood("a-wrong");
        SetSdkReference(Path.Combine(wrong, "AddPlugin.dll"), major: 2);
        AssertRefused(folder, ErrorCode.PluginSdkVersionMismatch);
    }

    [Fact]
    public void AnAssemblyThatIsDamagedIsRefusedOrFailsToStart()
    {
        using var folder = new PluginFolder();
        var assembly = Path.Combine(folder.AddGood("a-wrong"), "AddPlugin.dll");
        var bytes = File.ReadAllBytes(assembly);
        for (var length = 1; length < bytes.Length; length += 97)
        {
            File.WriteAllBytes(assembly, bytes[..length]);
            using var record = new PluginRecord(Path.GetDirectoryName(assembly)!, new PluginLoader(), folder.Catalog.InProcessServices, TimeSpan.FromSeconds(10));
            if (record.Refusal is null)
            {
                // Metadata is whole, the rest is not: the loader says so.
                record.GetRuntime("AddBackend");
            }

            Assert.NotNull(record.Refusal);
        }
    }

    [Fact]
    public void APrivateCopyOfTheSdkIsNotUsedAndReported()
    {
        using var folder = new PluginFolder();
        var path = folder.AddGood();
        File.Copy(typeof(IBackendPlugin).Assembly.Location, Path.Combine(path, "Tandem.Sdk.dll"));
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());

        Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(resolver.Resolve("forward", "AddBackend")));
        var entry = Assert.Single(folder.Catalog.CreateReport(resolver).Plugins);
        Assert.Contains(entry.Notes, note => note.Contains("Tandem.Sdk.dll", StringComparison.Ordinal));
    }

    [Fact]
    public void AnAssemblyThatChangesAfterItWasJudgedIsNotLoaded()
    {
        using var folder = new PluginFolder();
        var path = folder.AddGood("good", manifest => manifest["assemblySha256"] = PluginFolder.Hash(PluginFolder.Binary("AddPlugin.dll")));
        Assert.Null(folder.Record("good").Refusal);
        File.AppendAllText(Path.Combine(path, "AddPlugin.dll"), "!");

        Assert.Null(folder.Record("good").GetRuntime("AddBackend").Runtime);
        Assert.Equal(ErrorCode.PluginHashMismatch, folder.Record("good").Refusal!.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ANativeLibraryComesFromTheFolderAndOnlyWithItsHash(bool changes)
    {
        var source = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so");
        Assert.SkipUnless(File.Exists(source), "needs a native library of the framework to copy");
        using var folder = new PluginFolder();
        var path = folder.AddBroken("AsksForNativeLibrary", "native",
            manifest => manifest["nativeLibraries"] = new JsonArray(new JsonObject { ["path"] = "native/libnative-part.so", ["sha256"] = PluginFolder.Hash(source) }));
        var library = Path.Combine(Directory.CreateDirectory(Path.Combine(path, "native")).FullName, "libnative-part.so");
        File.Copy(source, library);
        var record = folder.Record("native");
        Assert.Null(record.Refusal);
        if (changes)
        {
            File.AppendAllText(library, "!");
        }

        record.GetRuntime("AddBackend");

        // The plugin says what the library answered, as its refusal.
        Assert.Equal(changes ? ErrorCode.PluginHashMismatch : ErrorCode.BackendNotAvailable, record.Refusal!.Code);
        Assert.Equal(!changes, record.Refusal.Message.Contains($"process {Environment.ProcessId}", StringComparison.Ordinal));
        if (!changes)
        {
            Assert.Contains(File.ReadLines("/proc/self/maps"), line => line.EndsWith(library, StringComparison.Ordinal));
        }
    }

    private static void AssertRefused(PluginFolder folder, ErrorCode code)
    {
        folder.AddGood("b-good");
        var record = folder.Record("a-wrong");
        Assert.NotNull(record.Refusal);
        Assert.True(record.Refusal.Code == code, record.Refusal.Message);
        Assert.NotNull(record.Refusal.Details.File);
        Assert.NotNull(record.Refusal.Details.Expected);
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());
        Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(resolver.Resolve("forward", "AddBackend")));
        Assert.False(record.IsStarted);
    }

    private static void SetSdkReference(string path, ushort major)
    {
        var bytes = File.ReadAllBytes(path);
        using (var portable = new PEReader(new MemoryStream(bytes)))
        {
            var metadata = portable.GetMetadataReader();
            var table = portable.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef);
            var row = metadata.AssemblyReferences.Single(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name) == "Tandem.Sdk");
            BitConverter.TryWriteBytes(bytes.AsSpan(table + ((MetadataTokens.GetRowNumber(row) - 1) * metadata.GetTableRowSize(TableIndex.AssemblyRef))), major);
        }

        File.WriteAllBytes(path, bytes);
    }
}
