using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>The bytes of a constant, wherever they lie.</summary>
/// <param name="Handle">Keeps the bytes.</param>
/// <param name="Offset">First byte within the handle.</param>
/// <param name="Length">Number of bytes.</param>
internal sealed unsafe record ConstantData(DataHandle Handle, long Offset, long Length)
{
    public byte* Pointer => Handle.Pointer + Offset;

    /// <summary>SHA-256 of the content that the bytes are part of, where packed weights are kept between processes; null elsewhere.</summary>
    public string? Digest { get; init; }

    /// <summary>Identity of the content that the bytes are part of.</summary>
    public ContentId ContentId => IdOf(Handle, Digest);

    /// <summary>Which part of it: for the key of derived data.</summary>
    public string Part => Length == Handle.Length ? "" : $"{Offset}+{Length}";

    /// <summary>The digest where it is known, which another process knows the content by, too.</summary>
    public static ContentId IdOf(DataHandle handle, string? digest) => digest is null
        ? handle.ContentId
        : new ContentId(
            handle.Length, ulong.Parse(digest.AsSpan(0, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            ulong.Parse(digest.AsSpan(16, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
