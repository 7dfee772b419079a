using Tandem.Sdk;

namespace Tandem.Host.TensorFiles;

/// <summary>A tensor in managed memory: layout and little-endian bytes, contiguous in dim order.</summary>
/// <param name="Layout">Element type, sizes and dim order.</param>
/// <param name="Bytes">Exactly <see cref="TensorLayout.ByteCount"/> bytes.</param>
public sealed record TensorData(TensorLayout Layout, ReadOnlyMemory<byte> Bytes);
