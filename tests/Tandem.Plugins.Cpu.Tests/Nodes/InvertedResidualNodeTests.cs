using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Blocks as in MobileNetV2: the same numbers as where somebody reads what is between the layers, which keeps them apart.</summary>
public sealed class InvertedResidualNodeTests
{
    private const uint Channels = 96;

    // The larger images run by rows, the others layer by layer.
    [Theory]
    [InlineData(8, "1x1", 1, true)]
    [InlineData(8, "none", 2, false)]
    [InlineData(48, "1x1", 1, true)]
    [InlineData(48, "1x1", 2, false)]
    [InlineData(48, "none", 1, false)]
    [InlineData(96, "3x3", 1, false)]
    public void Joined_layers_equal_separate_ones(int size, string first, int stride, bool hasSum)
    {
        var separate = Run(size, first, stride, hasSum, isJoined: false);
        var joined = Run(size, first, stride, hasSum, isJoined: true);
        Same(separate, joined);
        Assert.True(joined.Distinct().Count() > joined.Length / 8);
    }

    [Fact]
    public void Layers_in_a_row_are_joined_once()
    {
        // 1x1, depthwise, 1x1, depthwise, 1x1: what is last in one block is not first in the next.
        var values = new List<float[]>();
        foreach (var isJoined in (bool[])[false, true])
        {
            var writer = new PayloadWriter();
            var (x, size) = (writer.Input(1, 40, 40, 8), 40u);
            x = Pointwise(writer, x, size, 8, Channels, 1, writer.Internal(1, size, size, Channels));
            x = Depthwise(writer, x, 1, isJoined ? writer.Internal(1, size, size, Channels) : writer.Output(1, size, size, Channels));
            x = Pointwise(writer, x, size, Channels, Channels, 2, writer.Internal(1, size, size, Channels));
            x = Depthwise(writer, x, 1, writer.Internal(1, size, size, Channels));
            Pointwise(writer, x, size, Channels, 8, 3, writer.Output(1, size, size, 8));
            values.Add(Execute(writer, [1, 40, 40, 8], isJoined ? [[1, 40, 40, 8]] : [[1, 40, 40, (int)Channels], [1, 40, 40, 8]]));
        }

        Same(values[0], values[1]);
    }

    // Tiles of few rows sum in another order than others.
    private static void Same(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], found[i], 0.01f);
        }
    }

    private static float[] Run(int size, string first, int stride, bool hasSum, bool isJoined)
    {
        var inputs = first switch { "none" => Channels, "1x1" => 16u, _ => 3u };
        var writer = new PayloadWriter();
        var input = writer.Input(1, (uint)size, (uint)size, inputs);
        var (x, middle) = (input, (uint)size);
        var sizes = new List<int[]>();
        if (first == "1x1")
        {
            x = Pointwise(writer, x, middle, inputs, Channels, 1, writer.Internal(1, middle, middle, Channels));
        }
        else if (first == "3x3")
        {
            middle /= 2;
            var stem = writer.Internal(1, middle, middle, Channels);
            writer.Convolution(
                PayloadNodeKind.Conv2d, [1, 1, 1, 1, 3, 3, 2, 2, 1, 1, 3, Channels, 1, 0, 0], x, writer.Constant(TestData.Numbers((int)Channels * 27, 4), Channels, 3, 3, 3),
                writer.Constant(TestData.Numbers((int)Channels, 5), Channels), stem, bounds: (-300, 600));
            x = stem;
        }

        var output = middle / (uint)stride;
        uint[] between = [1, output, output, Channels];
        x = Depthwise(writer, x, (uint)stride, isJoined ? writer.Internal(between) : writer.Output(between));
        if (!isJoined)
        {
            sizes.Add(Array.ConvertAll(between, dimension => (int)dimension));
        }

        var result = hasSum ? writer.Internal(1, output, output, 16) : writer.Output(1, output, output, 16);
        Pointwise(writer, x, output, Channels, 16, 2, result);
        if (hasSum)
        {
            writer.Binary(PayloadNodeKind.Add, input, result, writer.Output(1, output, output, 16), bounds: (-2000, 2000));
        }

        sizes.Add([1, (int)output, (int)output, 16]);
        return Execute(writer, [1, size, size, (int)inputs], sizes);
    }

    private static uint Pointwise(PayloadWriter writer, uint input, uint size, uint inputs, uint outputs, int seed, uint output)
    {
        writer.Convolution(
            PayloadNodeKind.Conv2d, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, inputs, outputs, 1, 0, 0], input,
            writer.Constant(TestData.Numbers((int)(inputs * outputs), seed), outputs, 1, 1, inputs), writer.Constant(TestData.Numbers((int)outputs, seed + 1), outputs), output,
            bounds: (-400, 600));
        return output;
    }

    private static uint Depthwise(PayloadWriter writer, uint input, uint stride, uint output)
    {
        writer.Convolution(
            PayloadNodeKind.DepthwiseConv2d, [1, 1, 1, 1, 3, 3, stride, stride, 1, 1, 1, 1, Channels, 0, 0], input,
            writer.Constant(TestData.Numbers(9 * (int)Channels, 7), 1, 3, 3, Channels), writer.Constant(TestData.Numbers((int)Channels, 8), Channels), output, bounds: (-300, 600));
        return output;
    }

    private static float[] Execute(PayloadWriter writer, int[] inputSizes, IReadOnlyList<int[]> outputSizes)
    {
        using var runner = new DelegateRunner(writer, 1 + outputSizes.Count);
        var input = TestData.Numbers(inputSizes.Aggregate(1, (product, size) => product * size), 9);
        var outputs = outputSizes.Select(sizes => runner.Floats(new float[sizes.Aggregate(1, (product, size) => product * size)], sizes)).ToArray();
        runner.Execute([runner.Floats(input, inputSizes), .. outputs]);
        return outputs[^1].AsReadOnlySpan<float>().ToArray();
    }
}
