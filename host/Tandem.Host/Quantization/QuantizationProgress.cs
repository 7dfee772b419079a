namespace Tandem.Host.Quantization;

/// <summary>A sign of life of a quantisation.</summary>
/// <param name="Layer">Name of the layer that is done.</param>
/// <param name="Done">Layers done so far.</param>
/// <param name="Total">Layers in all.</param>
public readonly record struct QuantizationProgress(string Layer, int Done, int Total);
