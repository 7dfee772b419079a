using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>The tensors that stand for a float weight.</summary>
/// <param name="Integers">int8 [outputs, inputs].</param>
/// <param name="Scales">float32 [outputs, groups of a row].</param>
/// <param name="ZeroPoints">int8 [outputs, groups of a row]: zeros.</param>
/// <param name="GroupSize">Inputs that share a scale; all of them for one scale a row.</param>
/// <param name="Grid">The integers that there may be.</param>
/// <param name="Statistics">What rounding leaves.</param>
internal sealed record QuantizedWeight(
    ExportedTensor Integers, ExportedTensor Scales, ExportedTensor ZeroPoints, int GroupSize, WeightGrid Grid, WeightStatistics Statistics);
