namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Where the bytes of a constant lie.</summary>
/// <param name="Key">Key of named data; null if the bytes lie in the payload.</param>
/// <param name="Offset">First byte in the payload, if they lie there.</param>
/// <param name="Length">Declared number of bytes.</param>
internal sealed record PayloadConstant(string? Key, long Offset, long Length);
