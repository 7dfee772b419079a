using Tandem.Sdk;

namespace Tandem.Host.Formats.Model;

/// <summary>One key of a .pte or .ptd and where its bytes are.</summary>
/// <param name="Key">The key.</param>
/// <param name="Range">The bytes, absolute in the file.</param>
/// <param name="SegmentIndex">The segment that holds them; several keys may name one.</param>
/// <param name="Layout">Element type and shape; null in a .pte and for plain bytes.</param>
public sealed record NamedDataEntry(string Key, DataRange Range, int SegmentIndex, TensorLayout? Layout);
