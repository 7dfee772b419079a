namespace Tandem.FlatBuffers;

/// <summary>A vector inside a FlatBuffer; its elements lie inside the buffer.</summary>
/// <param name="Start">Offset of the first element in the buffer.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="IsPresent">False if the field is absent; then <paramref name="Count"/> is 0.</param>
public readonly record struct FlatVector(int Start, int Count, bool IsPresent);
