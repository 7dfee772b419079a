namespace Tandem.Host.Lowering;

/// <summary>A file that a lowering wrote.</summary>
/// <param name="Path">Its path.</param>
/// <param name="ByteCount">Its length.</param>
public sealed record LoweringFile(string Path, long ByteCount);
