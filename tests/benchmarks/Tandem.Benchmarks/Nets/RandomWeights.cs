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

    /// <summary>Weights on a 4-bit grid, with about the given standard deviation.</summary>
    public Int4Weights NextInt4(double deviation, int outputs, int inputs)
    {
        // In every block the least and the greatest value, so that a search for the scale finds this one; the others and these together have the mean 0, or
        // long chains would grow.
        ReadOnlySpan<sbyte> first = [-8, 7, 1];
        const double gridDeviation = 4.58;
        var (elements, values, scales) = (new float[outputs * inputs], new sbyte[outputs * inputs], new float[outputs * inputs / Int4Weights.BlockSize]);
        for (var block = 0; block < scales.Length; block++)
        {
            var scale = (float)(deviation / gridDeviation * (0.75 + (0.5 * _random.NextDouble())));
            scales[block] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(scale) & 0xFFFF0000);
            for (var i = block * Int4Weights.BlockSize; i < (block + 1) * Int4Weights.BlockSize; i++)
            {
                var at = i % Int4Weights.BlockSize;
                values[i] = at < first.Length ? first[at] : (sbyte)_random.Next(-7, 8);
                elements[i] = values[i] * scales[block];
            }
        }

        return new Int4Weights(new NetTensor($"w{_names++}", elements, [outputs, inputs]), values, scales);
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
