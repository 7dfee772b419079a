namespace Tandem.Sdk;

/// <summary>Bytes that a <see cref="NamedDataStore"/> holds once.</summary>
/// <param name="Content">The bytes.</param>
/// <param name="Alignment">Least common multiple of all alignments that were asked for, in bytes.</param>
public sealed record NamedDataBlob(DataContent Content, int Alignment);
