namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One key of the named data.</summary>
/// <param name="Key">The key.</param>
/// <param name="File">The file that holds it.</param>
/// <param name="ByteCount">Number of bytes.</param>
/// <param name="Layout">Element type and shape, where the file says so.</param>
/// <param name="Users">Delegates and tensors that name it, as "method/delegate 0" or "method/value 12".</param>
public sealed record NamedDataReport(string Key, string File, long ByteCount, string? Layout, IReadOnlyList<string> Users);
