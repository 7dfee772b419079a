namespace Tandem.Plugins.Cpu.Payload;

/// <summary>A vector of a FlatBuffer whose bytes lie within it.</summary>
/// <param name="Start">First element.</param>
/// <param name="Count">Number of elements.</param>
internal readonly record struct FlatVector(int Start, int Count);
