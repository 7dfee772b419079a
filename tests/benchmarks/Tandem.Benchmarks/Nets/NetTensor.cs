namespace Tandem.Benchmarks.Nets;

/// <summary>Weights of a layer.</summary>
internal sealed record NetTensor(string Name, float[] Elements, int[] Sizes);
