namespace Tandem.Host.NamedData;

/// <summary>What a <see cref="BlobRegistry"/> did since it was made.</summary>
/// <param name="PhysicalLoads">Blobs that were mapped or copied into memory: 1 for each content, whoever asks.</param>
/// <param name="SharedLoads">Requests that were served from a blob that is already there.</param>
/// <param name="LiveBlobs">Blobs that somebody holds now.</param>
/// <param name="LiveBytes">Bytes of those blobs.</param>
/// <param name="LiveHandles">Handles on those blobs.</param>
public readonly record struct LoadStatistics(
    long PhysicalLoads, long SharedLoads, int LiveBlobs, long LiveBytes, long LiveHandles);
