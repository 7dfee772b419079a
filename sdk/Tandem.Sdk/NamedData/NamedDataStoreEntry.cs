namespace Tandem.Sdk;

/// <summary>A key of a <see cref="NamedDataStore"/>.</summary>
/// <param name="Key">The key, unique over the program and all its external files.</param>
/// <param name="BlobIndex">Index in <see cref="NamedDataStore.Blobs"/>; several keys may share one.</param>
/// <param name="ExternalTag">Name of the external file that gets the data; null for the program itself.</param>
/// <param name="Layout">Element type and shape; null for plain bytes.</param>
/// <param name="Origin">Where the bytes that were first added under the key come from.</param>
public sealed record NamedDataStoreEntry(string Key, int BlobIndex, string? ExternalTag, TensorLayout? Layout, string Origin);
