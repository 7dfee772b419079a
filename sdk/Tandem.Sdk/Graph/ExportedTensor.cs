namespace Tandem.Sdk;

/// <summary>A parameter, constant or first value of a buffer: a view on a storage that several of them may share.</summary>
/// <param name="Spec">Element type, sizes, strides and offset; all numbers.</param>
/// <param name="Storage">The bytes. Tied tensors hold the same object, or objects of equal <see cref="DataContent.ContentHash"/>.</param>
public sealed record ExportedTensor(TensorSpec Spec, DataContent Storage);
