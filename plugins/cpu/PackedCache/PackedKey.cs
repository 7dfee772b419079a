using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>Names a packed form over all processes: SHA-256 of everything that its bytes depend on.</summary>
/// <remarks>
/// Besides layout and contents that is the build of the plugin (any change of any kernel makes new keys, whether or not somebody thought of a version)
/// and what the CPU can run.
/// </remarks>
internal sealed class PackedKey
{
    private static readonly string Environment = $"{typeof(PackedKey).Module.ModuleVersionId} {RuntimeInformation.ProcessArchitecture} {Rungs()}";

    private PackedKey(byte[] bytes)
    {
        Bytes = bytes;
        Name = Convert.ToHexStringLower(bytes);
    }

    /// <summary><see cref="PackedFile.KeyBytes"/> bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>The same in hexadecimal digits.</summary>
    public string Name { get; }

    /// <summary>Makes a key.</summary>
    /// <param name="layout">Layout, version and every parameter of it.</param>
    /// <param name="contents">SHA-256 of each input, and which part of it; null for one that is not there.</param>
    public static PackedKey Create(string layout, IEnumerable<string?> contents) => CreateFor(Environment, layout, contents);

    /// <summary>Makes the key that another build of the plugin, or another CPU, would make.</summary>
    internal static PackedKey CreateFor(string environment, string layout, IEnumerable<string?> contents)
    {
        // Lengths before texts: no two lists of texts are one text.
        var text = new StringBuilder();
        foreach (var part in contents.Prepend(layout).Prepend(environment))
        {
            text.Append(part?.Length ?? -1).Append(':').Append(part).Append(';');
        }

        return new PackedKey(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Rungs()
    {
        var text = new StringBuilder();
        foreach (var rung in CpuFeatures.All)
        {
            text.Append(CpuFeatures.IsSupported(rung) ? $"{rung} " : "");
        }

        return text.ToString();
    }
}
