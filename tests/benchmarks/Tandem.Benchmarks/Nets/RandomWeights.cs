namespace Tandem.Benchmarks.Nets;

/// <summary>Weights of random numbers, the same at every run, of a size that neither lets values grow from layer to layer nor vanish.</summary>
internal sealed class RandomWeights(int seed)
{
    private readonly Random _random = new(seed);
    private int _names;

    /// <summary>Numbers with the given standard deviation.</summary>
    public NetTensor Next(double deviation, params int[] sizes)
    {
        var elements = new float[sizes.Aggregate(1, (product, size) => product * size)];
        Fill(elements, deviation);
        return new NetTensor($"w{_names++}", elements, sizes);
    }

    /// <summary>Fills memory with numbers of the given standard deviation.</summary>
    public void Fill(Span<float> elements, double deviation)
    {
        // Uniform over [-a, a] has the deviation a / sqrt(3).
        var scale = (float)(2 * Math.Sqrt(3) * deviation);
        foreach (ref var element in elements)
        {
            element = (_random.NextSingle() - 0.5f) * scale;
        }
    }
}
