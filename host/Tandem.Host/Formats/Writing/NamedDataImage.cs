using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>A key that is to be written.</summary>
/// <param name="Key">The key.</param>
/// <param name="Content">The bytes. Equal contents are written once a file.</param>
/// <param name="Alignment">Alignment of the bytes in the file, 1 or more.</param>
/// <param name="Layout">Element type and shape; a .pte cannot hold it.</param>
internal sealed record NamedDataImage(string Key, DataContent Content, int Alignment = 1, TensorLayout? Layout = null);
