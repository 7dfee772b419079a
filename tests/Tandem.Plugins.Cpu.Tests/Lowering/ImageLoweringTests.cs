using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Lowering;

public class ImageLoweringTests
{
    [Fact]
    public void A_net_of_convolutions_has_two_transposes()
    {
        var e = new EdgeMethod();
        var x = e.Input("x", 1, 3, 8, 8);
        var a = Convolution(e, "a", x, e.Parameter("w0", TestData.Numbers(4 * 3 * 9), 4, 3, 3, 3), [1, 4, 8, 8], padding: 1);
        var r = e.Node("r", "aten::relu", [1, 4, 8, 8], ("self", a));
        var d = Convolution(e, "d", r, e.Parameter("w1", TestData.Numbers(4 * 9, 2), 4, 1, 3, 3), [1, 4, 8, 8], padding: 1, groups: 4);
        var s = e.Node("s", "aten::add.Tensor", [1, 4, 8, 8], ("self", d), ("other", r));
        var p = e.Node("p", "aten::max_pool2d", [1, 4, 4, 4], ("self", s), ("kernel_size", (int[])[2, 2]), ("stride", (int[])[2, 2]));
        var g = e.Node("g", "aten::mul.Scalar", [1, 4, 4, 4], ("self", p), ("other", 0.5));
        var lowered = FakeLowering.Lower(e.Build(g));

        Assert.Equal(["StaticTranspose", "Conv2d", "DepthwiseConv2d", "Add", "MaxPooling2d", "Multiply", "StaticTranspose"], lowered.Kinds);
        var input = TestData.Numbers(192, 5);
        var first = Reference(input, [1, 3, 8, 8], TestData.Numbers(4 * 3 * 9), [4, 3, 3, 3], 1, 1, 1).Select(value => Math.Max(0, value)).ToArray();
        var second = Reference(first, [1, 4, 8, 8], TestData.Numbers(4 * 9, 2), [4, 1, 3, 3], 1, 1, 4).Zip(first, (left, right) => left + right).ToArray();
        var expected = new float[64];
        for (var i = 0; i < 64; i++)
        {
            var at = (i / 16 * 64) + (i % 16 / 4 * 16) + (i % 4 * 2);
            expected[i] = Math.Max(Math.Max(second[at], second[at + 1]), Math.Max(second[at + 8], second[at + 9])) / 2;
        }

        MatrixLoweringTests.AssertNear(expected, lowered.Run([[1, 4, 4, 4]], (input, [1, 3, 8, 8]))[0]);
    }

    [Fact]
    public void Permutes_around_a_convolution_cancel_its_transposes()
    {
        var e = new EdgeMethod();
        var x = e.Input("x", 1, 8, 8, 3);
        var t = e.Node("t", "aten::permute_copy", [1, 3, 8, 8], ("self", x), ("dims", (int[])[0, 3, 1, 2]));
        var c = Convolution(e, "c", t, e.Parameter("w", TestData.Numbers(4 * 3 * 9), 4, 3, 3, 3), [1, 4, 8, 8], padding: 1);
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::permute_copy", [1, 8, 8, 4], ("self", c), ("dims", (int[])[0, 2, 3, 1]))));

        Assert.Equal(["Conv2d"], lowered.Kinds);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 1, 1, 2)]
    [InlineData(1, 2, 2, 2)]
    public void Convolutions_of_one_dimension_are_images_of_height_1(int stride, int padding, int dilation, int groups)
    {
        var length = ((16 + (2 * padding) - (2 * dilation) - 1) / stride) + 1;
        var e = new EdgeMethod();
        var (x, w) = (e.Input("x", 2, 4, 16), e.Parameter("w", TestData.Numbers(6 * 4 / groups * 3), 6, 4 / groups, 3));
        var y = e.Node("y", "aten::convolution", [2, 6, length], ("input", x), ("weight", w), ("bias", new GraphArgument.None()), ("stride", (int[])[stride]),
            ("padding", (int[])[padding]), ("dilation", (int[])[dilation]), ("transposed", false), ("output_padding", (int[])[0]), ("groups", groups));
        var lowered = FakeLowering.Lower(e.Build(e.Node("z", "aten::relu", [2, 6, length], ("self", y))));

        var input = TestData.Numbers(128, 7);
        var expected = new float[2 * 6 * length];
        for (var i = 0; i < expected.Length; i++)
        {
            var (n, o, at) = (i / length / 6, i / length % 6, i % length);
            double sum = 0;
            for (var c = 0; c < 4 / groups; c++)
            {
                for (var k = 0; k < 3; k++)
                {
                    var position = (at * stride) - padding + (k * dilation);
                    var channel = (o / (6 / groups) * (4 / groups)) + c;
                    sum += position is < 0 or >= 16 ? 0 : (double)input[(((n * 4) + channel) * 16) + position] * TestData.Numbers(6 * 4 / groups * 3)[(((o * 4 / groups) + c) * 3) + k];
                }
            }

            expected[i] = Math.Max(0, (float)sum);
        }

        MatrixLoweringTests.AssertNear(expected, lowered.Run([[2, 6, length]], (input, [2, 4, 16]))[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Transposed_convolutions_regroup_their_weights(int groups)
    {
        var e = new EdgeMethod();
        var weight = TestData.Numbers(4 * 6 / groups * 9);
        var (x, w) = (e.Input("x", 1, 4, 5, 5), e.Parameter("w", weight, 4, 6 / groups, 3, 3));
        var y = e.Node("y", "aten::convolution", [1, 6, 10, 10], ("input", x), ("weight", w), ("stride", (int[])[2, 2]), ("padding", (int[])[1, 1]),
            ("dilation", (int[])[1, 1]), ("transposed", true), ("output_padding", (int[])[1, 1]), ("groups", groups));
        var lowered = FakeLowering.Lower(e.Build(y));

        Assert.Equal(["StaticTranspose", "ConvTranspose2d", "StaticTranspose"], lowered.Kinds);
        var input = TestData.Numbers(100, 3);
        var expected = new double[600];
        for (var channel = 0; channel < 4; channel++)
        {
            for (var o = 0; o < 6 / groups; o++)
            {
                for (var i = 0; i < 25; i++)
                {
                    for (var k = 0; k < 9; k++)
                    {
                        var (row, column) = ((i / 5 * 2) - 1 + (k / 3), (i % 5 * 2) - 1 + (k % 3));
                        if (row is >= 0 and < 10 && column is >= 0 and < 10)
                        {
                            var output = (channel / (4 / groups) * (6 / groups)) + o;
                            expected[(output * 100) + (row * 10) + column] += (double)input[(channel * 25) + i] * weight[(((channel * 6 / groups) + o) * 9) + k];
                        }
                    }
                }
            }
        }

        MatrixLoweringTests.AssertNear([.. expected.Select(value => (float)value)], lowered.Run([[1, 6, 10, 10]], (input, [1, 4, 5, 5]))[0]);
    }

    [Fact]
    public void An_average_that_counts_padding_pads_first()
    {
        var e = new EdgeMethod();
        var y = e.Node("y", "aten::avg_pool2d", [1, 2, 4, 4], ("self", e.Input("x", 1, 2, 6, 6)), ("kernel_size", (int[])[2, 2]), ("stride", (int[])[2, 2]), ("padding", (int[])[1, 1]));
        var lowered = FakeLowering.Lower(e.Build(y));

        var input = TestData.Numbers(72);
        var expected = new float[32];
        for (var i = 0; i < 32; i++)
        {
            for (var k = 0; k < 4; k++)
            {
                var (row, column) = ((i % 16 / 4 * 2) - 1 + (k / 2), (i % 4 * 2) - 1 + (k % 2));
                expected[i] += row is < 0 or > 5 || column is < 0 or > 5 ? 0 : input[(i / 16 * 36) + (row * 6) + column] / 4;
            }
        }

        MatrixLoweringTests.AssertNear(expected, lowered.Run([[1, 2, 4, 4]], (input, [1, 2, 6, 6]))[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void Group_norm_averages_channels_by_a_product(int groups)
    {
        var e = new EdgeMethod();
        var (x, w, b) = (e.Input("x", 2, 6, 3, 3), e.Parameter("w", TestData.Numbers(6, 2), 6), e.Parameter("b", TestData.Numbers(6, 3), 6));
        TensorSpec statistics = TensorSpec.Contiguous(ScalarType.Float, 2, groups);
        e.Nodes("y", "aten::native_group_norm", [("y", TensorSpec.Contiguous(ScalarType.Float, 2, 6, 3, 3)), ("m", statistics), ("s", statistics)],
            ("input", x), ("weight", w), ("bias", b), ("N", 2), ("C", 6), ("HxW", 9), ("group", groups), ("eps", 1e-5));
        var lowered = FakeLowering.Lower(e.Build(new EdgeMethod.Name("y")));

        var input = TestData.Numbers(108, 4, 3);
        var size = 54 / groups;
        var expected = new float[108];
        for (var i = 0; i < 108; i++)
        {
            var group = input.Skip(i / size * size).Take(size).Select(value => (double)value).ToArray();
            var mean = group.Average();
            var channel = i / 9 % 6;
            expected[i] = (float)(((input[i] - mean) / Math.Sqrt(group.Average(value => (value - mean) * (value - mean)) + 1e-5) * TestData.Numbers(6, 2)[channel]) + TestData.Numbers(6, 3)[channel]);
        }

        MatrixLoweringTests.AssertNear(expected, lowered.Run([[2, 6, 3, 3]], (input, [2, 6, 3, 3]))[0]);
    }

    [Fact]
    public void Nearest_upsampling_and_pixel_shuffle_move_pixels_exactly()
    {
        var e = new EdgeMethod();
        var x = e.Input("x", 1, 4, 2, 3);
        var up = e.Node("up", "aten::upsample_nearest2d.vec", [1, 4, 4, 9], ("input", x), ("scale_factors", (double[])[2, 3]));
        var shuffled = e.Node("shuffled", "aten::pixel_shuffle", [1, 1, 4, 6], ("self", x), ("upscale_factor", 2));
        var lowered = FakeLowering.Lower(e.Build(up, shuffled));

        var input = TestData.Numbers(24);
        var results = lowered.Run([[1, 4, 4, 9], [1, 1, 4, 6]], (input, [1, 4, 2, 3]));
        Assert.Equal(Enumerable.Range(0, 144).Select(i => input[(i / 36 * 6) + (i % 36 / 18 * 3) + (i % 9 / 3)]), results[0]);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => input[((i / 6 % 2 * 2) + (i % 2)) * 6 + (i / 12 * 3) + (i % 6 / 2)]), results[1]);
    }

    [Fact]
    public void Softmax_over_channels_needs_no_transpose_between_convolutions()
    {
        var e = new EdgeMethod();
        var c = Convolution(e, "c", e.Input("x", 1, 2, 4, 4), e.Parameter("w", TestData.Numbers(6), 3, 2, 1, 1), [1, 3, 4, 4]);
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::_softmax", [1, 3, 4, 4], ("self", c), ("dim", 1), ("half_to_float", false))));

        Assert.Equal(["StaticTranspose", "Conv2d", "Softmax", "StaticTranspose"], lowered.Kinds);
        var scores = Reference(TestData.Numbers(32, 9), [1, 2, 4, 4], TestData.Numbers(6), [3, 2, 1, 1], 1, 0, 1);
        var expected = Enumerable.Range(0, 48).Select(i => (float)(Math.Exp(scores[i]) / Enumerable.Range(0, 3).Sum(k => Math.Exp(scores[(k * 16) + (i % 16)])))).ToArray();
        MatrixLoweringTests.AssertNear(expected, lowered.Run([[1, 3, 4, 4]], (TestData.Numbers(32, 9), [1, 2, 4, 4]))[0]);
    }

    private static EdgeMethod.Name Convolution(EdgeMethod e, string name, EdgeMethod.Name input, EdgeMethod.Name weight, SymbolicInt[] sizes, int padding = 0, int groups = 1) =>
        e.Node(name, "aten::convolution", sizes, ("input", input), ("weight", weight), ("bias", new GraphArgument.None()), ("stride", (int[])[1, 1]),
            ("padding", (int[])[padding, padding]), ("dilation", (int[])[1, 1]), ("transposed", false), ("output_padding", (int[])[0, 0]), ("groups", groups));

    private static float[] Reference(float[] input, int[] sizes, float[] weight, int[] filter, int stride, int padding, int groups)
    {
        var (height, width) = (((sizes[2] + (2 * padding) - filter[2]) / stride) + 1, ((sizes[3] + (2 * padding) - filter[3]) / stride) + 1);
        var result = new float[sizes[0] * filter[0] * height * width];
        for (var i = 0; i < result.Length; i++)
        {
            var (n, o, y, x) = (i / width / height / filter[0], i / width / height % filter[0], i / width % height, i % width);
            double sum = 0;
            for (var k = 0; k < filter[1] * filter[2] * filter[3]; k++)
            {
                var (c, row, column) = (k / filter[3] / filter[2], (y * stride) - padding + (k / filter[3] % filter[2]), (x * stride) - padding + (k % filter[3]));
                var channel = (o / (filter[0] / groups) * filter[1]) + c;
                sum += row < 0 || row >= sizes[2] || column < 0 || column >= sizes[3] ? 0
                    : (double)input[(((((n * sizes[1]) + channel) * sizes[2]) + row) * sizes[3]) + column] * weight[(o * filter[1] * filter[2] * filter[3]) + k];
            }

            result[i] = (float)sum;
        }

        return result;
    }
}
