using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>The bytes of a constant, wherever they lie.</summary>
/// <param name="Handle">Keeps the bytes.</param>
/// <param name="Offset">First byte within the handle.</param>
/// <param name="Length">Number of bytes.</param>
internal sealed unsafe record ConstantData(DataHandle Handle, long Offset, long Length)
{
    public byte* Pointer => Handle.Pointer + Offset;

    /// <summary>Identity of the content that the bytes are part of.</summary>
    public ContentId ContentId => Handle.ContentId;

    /// <summary>Which part of it: for the key of derived data.</summary>
    public string Part => Length == Handle.Length ? "" : $"{Offset}+{Length}";
}
