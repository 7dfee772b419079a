namespace Tandem.Sdk;

/// <summary>A key and opaque bytes that the ahead-of-time half leaves in the program for the run-time half.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The bytes.</param>
public sealed record CompileSpec(string Key, ReadOnlyMemory<byte> Value);
