using Tandem.Host.TensorFiles;

namespace Tandem.Host.Replay;

/// <summary>An input of a recorded call: a tensor, or a plain number, truth value or string.</summary>
/// <param name="Name">Name in io.safetensors; null for a plain value.</param>
/// <param name="Tensor">The tensor; null for a plain value.</param>
/// <param name="Scalar">A long, double, bool or string; null for a tensor.</param>
public sealed record ReplayValue(string? Name, TensorData? Tensor, object? Scalar);
