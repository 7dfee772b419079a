namespace Tandem.Host.Quantization;

/// <summary>A linear layer that stays as it was.</summary>
/// <param name="Name">Qualified name of the weight without ".weight"; of the node if the weight has none.</param>
/// <param name="Method">Method of the first node that uses it.</param>
/// <param name="Node">That node.</param>
/// <param name="Reason">Why.</param>
public sealed record FloatLayer(string Name, string Method, string Node, string Reason);
