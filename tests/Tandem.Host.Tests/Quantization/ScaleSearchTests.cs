using Tandem.Host.Quantization;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Quantization;

public sealed class ScaleSearchTests
{
    private static readonly WeightGrid[] Grids = [WeightGrid.Int4, WeightGrid.Int8];

    [Fact]
    public void Errors_are_those_that_plain_arithmetic_gives_bit_for_bit()
    {
        var random = new Random(3);
        foreach (var grid in Grids)
        {
            foreach (var length in (ReadOnlySpan<int>)[1, 7, 32, 131])
            {
                var weights = Weights(random, length);
                var scales = Enumerable.Range(0, 64).Select(_ => 0.01f + (float)random.NextDouble()).ToArray();
                var errors = new float[64];
                ScaleSearch.SquaredErrors(weights, scales, errors, grid);
                for (var i = 0; i < scales.Length; i++)
                {
                    var expected = 0f;
                    foreach (var weight in weights)
                    {
                        var difference = weight - (Math.Clamp(MathF.Round(weight * (1 / scales[i])), grid.Minimum, grid.Maximum) * scales[i]);
                        expected += difference * difference;
                    }

                    Assert.Equal(expected, errors[i]);
                }
            }
        }
    }

    [Fact]
    public void A_searched_scale_is_never_worse_than_the_unsearched_one_and_a_clipped_outlier_makes_it_better()
    {
        var random = new Random(5);
        foreach (var grid in Grids)
        {
            for (var round = 0; round < 200; round++)
            {
                var weights = Weights(random, round % 2 == 0 ? 32 : 128);
                if (round % 5 == 0)
                {
                    weights[^1] = 40;
                }

                var (searched, plain) = (default(WeightStatistics), default(WeightStatistics));
                var scale = GroupScale.Choose(weights, grid, WeightClipping.Search, new float[weights.Length], ref searched);
                var first = GroupScale.Choose(weights, grid, WeightClipping.None, new float[weights.Length], ref plain);
                Assert.True(searched.Error.RelativeRms <= plain.Error.RelativeRms * (1 + 1e-6), $"{searched.Error} after {plain.Error}");
                Assert.Equal(plain.Error, searched.WithoutClipping);
                Assert.Equal(grid.Round(scale), scale);
                Assert.Equal(grid.Round(first), first);
            }
        }
    }

    [Fact]
    public void Clipping_gains_on_normally_distributed_groups()
    {
        var random = new Random(8);
        var (searched, plain) = (default(WeightStatistics), default(WeightStatistics));
        for (var group = 0; group < 500; group++)
        {
            var weights = Enumerable.Range(0, 128).Select(_ => (float)Normal(random)).ToArray();
            GroupScale.Choose(weights, WeightGrid.Int4, WeightClipping.Search, new float[128], ref searched);
            GroupScale.Choose(weights, WeightGrid.Int4, WeightClipping.None, new float[128], ref plain);
        }

        Assert.True(searched.Error.SignalToNoise > plain.Error.SignalToNoise + 0.8, $"{searched.Error.SignalToNoise} dB after {plain.Error.SignalToNoise} dB");
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-30f)]
    [InlineData(1e-20f)]
    [InlineData(1f)]
    [InlineData(1e20f)]
    [InlineData(3e38f)]
    public void Scales_are_positive_normal_numbers_for_groups_of_any_size(float size)
    {
        foreach (var grid in Grids)
        {
            float[] weights = [0, size, -size / 3, size / 7];
            var statistics = default(WeightStatistics);
            var scale = GroupScale.Choose(weights, grid, WeightClipping.Search, new float[4], ref statistics);
            Assert.True(float.IsNormal(scale) && scale > 0 && float.IsNormal(scale / 16), $"{scale:R}");
            Assert.True(double.IsFinite(statistics.Error.RelativeRms) && double.IsFinite(statistics.Error.MaxAbsolute));
            Assert.Equal(size is 0 or 1e-30f, scale == 1);
        }
    }

    [Fact]
    public void Halves_round_to_even_and_integers_are_read_back_from_any_offset()
    {
        float[] weights = [0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 9, -9, 0, .. Enumerable.Range(0, 56).Select(i => (i - 28) / 3f)];
        var content = new QuantizedWeightContent(DataContent.FromMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(weights.AsSpan()).ToArray(), "test"), 32, [1, 0.5f], WeightGrid.Int4);
        var whole = new byte[64];
        content.Read(0, whole);
        Assert.Equal([0, 2, 2, 0, -2, 7, -8, 0], whole.Take(8).Select(value => (int)(sbyte)value));
        for (var i = 32; i < 64; i++)
        {
            Assert.Equal(Math.Clamp(MathF.Round(weights[i] * 2), -8, 7), (sbyte)whole[i]);
        }

        for (var offset = 0; offset < 64; offset += 5)
        {
            var part = new byte[Math.Min(39, 64 - offset)];
            content.Read(offset, part);
            Assert.Equal(whole[offset..(offset + part.Length)], part);
        }
    }

    private static float[] Weights(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() * 2) - 1) * 3)];

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
