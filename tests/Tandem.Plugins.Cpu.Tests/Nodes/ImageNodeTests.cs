using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Nodes;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Nodes on NHWC images against plain loops.</summary>
public class ImageNodeTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Fact]
    public void A_pooling_that_gives_positions_takes_no_bounds_of_a_clamp_behind_it()
    {
        var geometry = new PoolingGeometry(0, 0, 0, 0, 2, 2, 2, 2, 1, 1, false);
        foreach (var (kind, takes) in ((PoolingKind, bool)[])[(PoolingKind.ArgMax, false), (PoolingKind.Maximum, true)])
        {
            var node = new PoolingNode(new NodeSource("Pooling", 0, 0), kind, geometry, InstructionSet.Scalar, 0, [1], float.NegativeInfinity, float.PositiveInfinity);
            Assert.Equal(takes, node.TryFuseClamp(-1, 2));
            Assert.Equal(takes ? 2 : float.PositiveInfinity, node.Maximum);
        }
    }

    // Padding t r b l, kernel h w, stride h w, dilation h w, group inputs, group outputs, groups, adjustment h w.
    private static readonly uint[][] s_convolutions =
    [
        [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 5, 7, 1, 0, 0],
        [1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 3, 17, 1, 0, 0],
        [0, 1, 2, 1, 3, 2, 2, 1, 1, 2, 4, 3, 2, 0, 0],
        [2, 2, 2, 2, 5, 5, 3, 2, 1, 1, 16, 16, 1, 0, 0],
        [1, 1, 1, 1, 3, 3, 2, 2, 1, 1, 2, 2, 3, 0, 0],
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Convolutions_with_padding_strides_dilation_and_groups(string isa)
    {
        foreach (var a in s_convolutions)
        {
            Check(PayloadNodeKind.Conv2d, a, isa);
            Check(PayloadNodeKind.ConvTranspose2d, a, isa);
            uint[] depthwise = [.. a[..10], 1, 2, 9, 0, 0];
            Check(PayloadNodeKind.DepthwiseConv2d, depthwise, isa);
        }

        uint[] adjusted = [1, 1, 1, 1, 3, 3, 2, 2, 1, 1, 4, 5, 1, 1, 1];
        Check(PayloadNodeKind.ConvTranspose2d, adjusted, isa);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Padding_is_left_out_of_averages_and_never_wins(string isa)
    {
        uint[][] windows = [[0, 0, 0, 0, 2, 2, 2, 2, 1, 1], [1, 1, 1, 1, 3, 3, 1, 1, 1, 1], [1, 0, 0, 1, 3, 2, 2, 3, 1, 1], [1, 1, 1, 1, 2, 2, 1, 1, 2, 2]];
        foreach (var w in windows)
        {
            foreach (var kind in (PayloadNodeKind[])[PayloadNodeKind.AvgPooling2d, PayloadNodeKind.MaxPooling2d])
            {
                int[] sizes = [2, 7, 9, 19];
                var input = TestData.Numbers(2 * 7 * 9 * 19, 1);
                input[5] = kind == PayloadNodeKind.MaxPooling2d ? float.NaN : 0;
                var (dh, dw) = kind == PayloadNodeKind.MaxPooling2d ? ((int)w[8], (int)w[9]) : (1, 1);
                var height = ((7 + (int)w[0] + (int)w[2] - ((int)w[4] - 1) * dh - 1) / (int)w[6]) + 1;
                var width = ((9 + (int)w[1] + (int)w[3] - ((int)w[5] - 1) * dw - 1) / (int)w[7]) + 1;
                var writer = new PayloadWriter();
                writer.Pooling(kind, w, writer.Input(2, 7, 9, 19), writer.Output(2, (uint)height, (uint)width, 19), 0x40, (-1.5f, 1.5f));
                var output = DelegateRunner.Run(writer, isa, [2, height, width, 19], (input, sizes));
                for (var i = 0; i < output.Length; i++)
                {
                    var (n, y, x, c) = (i / (height * width * 19), i / (width * 19) % height, i / 19 % width, i % 19);
                    var values = new List<float>();
                    for (var ky = 0; ky < w[4]; ky++)
                    {
                        for (var kx = 0; kx < w[5]; kx++)
                        {
                            var (iy, ix) = ((y * (int)w[6]) - (int)w[0] + (ky * dh), (x * (int)w[7]) - (int)w[3] + (kx * dw));
                            if (iy is >= 0 and < 7 && ix is >= 0 and < 9)
                            {
                                values.Add(input[(((n * 7) + iy) * 9 + ix) * 19 + c]);
                            }
                        }
                    }

                    var expected = kind == PayloadNodeKind.AvgPooling2d ? values.Average() : values.Exists(float.IsNaN) ? float.NaN : values.Max();
                    Assert.Equal(float.IsNaN(expected) ? expected : Math.Clamp(expected, -1.5f, 1.5f), output[i], 1e-6f);
                }
            }
        }
    }

    [Fact]
    public void The_position_of_the_maximum_may_be_widened_to_int64()
    {
        var writer = new PayloadWriter();
        writer.Node(PayloadNodeKind.ArgMaxPooling2d, new FlatWriter.Table
        {
            [4] = 2u,
            [5] = 2u,
            [6] = writer.Input(1, 4, 6, 3),
            [7] = writer.Output(1, 2, 3, 3),
            [8] = writer.Output(PayloadDatatype.Int32, 1, 2, 3, 3),
        });
        using var runner = new DelegateRunner(writer, 3);
        var input = TestData.Numbers(72);
        var (a, b) = (runner.Floats(input, 1, 4, 6, 3), runner.Tensor(ScalarType.Float, [1, 2, 3, 3]));
        var (c, d) = (runner.Tensor(ScalarType.Long, [1, 2, 3, 3]), runner.Tensor(ScalarType.Int, [1, 2, 3, 3]));
        runner.Execute(a, b, c);
        runner.Execute(a, b, d);
        for (var i = 0; i < 18; i++)
        {
            var (y, x, channel) = (i / 9, i / 3 % 3, i % 3);
            float[] window = [.. Enumerable.Range(0, 4).Select(p => input[((((2 * y) + (p / 2)) * 6) + (2 * x) + (p % 2)) * 3 + channel])];
            Assert.Equal(window.Max(), b.AsReadOnlySpan<float>()[i]);
            Assert.Equal(Array.IndexOf(window, window.Max()), c.AsReadOnlySpan<long>()[i]);
            Assert.Equal(Array.IndexOf(window, window.Max()), d.AsReadOnlySpan<int>()[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Global_averages_keep_their_dimensions_or_not(string isa)
    {
        var input = TestData.Numbers(3 * 5 * 4 * 21);
        foreach (var keeps in (bool[])[true, false])
        {
            var writer = new PayloadWriter();
            uint[] shape = keeps ? [3, 1, 1, 21] : [3, 21];
            writer.Unary(PayloadNodeKind.GlobalAvgPooling2d, writer.Input(3, 5, 4, 21), writer.Output(shape), keeps ? 0x40u : 0);
            var output = DelegateRunner.Run(writer, isa, Array.ConvertAll(shape, s => (int)s), (input, [3, 5, 4, 21]));
            for (var i = 0; i < output.Length; i++)
            {
                Assert.Equal(Enumerable.Range(0, 20).Average(p => input[(((i / 21) * 20) + p) * 21 + (i % 21)]), output[i], 1e-6f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bilinear_resizing_with_half_pixels_and_with_aligned_corners(string isa)
    {
        foreach (var (height, width) in ((int, int)[])[(8, 10), (3, 3), (1, 1), (4, 5), (11, 2)])
        {
            foreach (var alignsCorners in (bool[])[false, true])
            {
                var input = TestData.Numbers(2 * 4 * 5 * 18);
                var writer = new PayloadWriter();
                writer.Node(PayloadNodeKind.StaticResizeBilinear2D, new FlatWriter.Table
                {
                    [0] = (uint)height,
                    [1] = (uint)width,
                    [2] = writer.Input(2, 4, 5, 18),
                    [3] = writer.Output(2, (uint)height, (uint)width, 18),
                    [4] = alignsCorners ? 8u : 0,
                });
                var output = DelegateRunner.Run(writer, isa, [2, height, width, 18], (input, [2, 4, 5, 18]));
                for (var i = 0; i < output.Length; i++)
                {
                    var (n, y, x, c) = (i / (height * width * 18), i / (width * 18) % height, i / 18 % width, i % 18);
                    var (sy, sx) = (Position(y, 4, height), Position(x, 5, width));
                    double At(int py, int px) => input[((((n * 4) + Math.Min(py, 3)) * 5) + Math.Min(px, 4)) * 18 + c];
                    var (fy, fx) = (sy - Math.Floor(sy), sx - Math.Floor(sx));
                    var expected = ((1 - fy) * (((1 - fx) * At((int)sy, (int)sx)) + (fx * At((int)sy, (int)sx + 1))))
                        + (fy * (((1 - fx) * At((int)sy + 1, (int)sx)) + (fx * At((int)sy + 1, (int)sx + 1))));
                    Assert.Equal(expected, output[i], 1e-5);
                }

                double Position(int p, int from, int to) => alignsCorners ? to == 1 ? 0 : p * (from - 1.0) / (to - 1) : Math.Max(0, ((p + 0.5) * from / to) - 0.5);
            }
        }
    }

    [Fact]
    public void A_filter_that_does_not_fit_its_attributes_is_refused()
    {
        var writer = new PayloadWriter();
        var filter = writer.Constant(TestData.Numbers(2 * 9 * 3), 2, 3, 3, 3);
        writer.Convolution(
            PayloadNodeKind.Conv2d, [0, 0, 0, 0, 3, 3, 1, 1, 1, 1, 4, 2, 1, 0, 0], writer.Input(1, 5, 5, 4), filter, PayloadWriter.None, writer.Output(1, 3, 3, 2));
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2));
        Assert.Equal(ErrorCode.PayloadInvalid, error.Code);
        Assert.Contains("Conv2d", error.Message);
    }

    private static void Check(PayloadNodeKind kind, uint[] a, string isa)
    {
        var isTransposed = kind == PayloadNodeKind.ConvTranspose2d;
        var isDepthwise = kind == PayloadNodeKind.DepthwiseConv2d;
        var (kh, kw, sh, sw, dh, dw) = ((int)a[4], (int)a[5], (int)a[6], (int)a[7], (int)a[8], (int)a[9]);
        var (inputs, outputs, groups) = ((int)a[10], (int)a[11], (int)a[12]);
        var (ic, oc) = (inputs * groups, outputs * groups);
        const int n = 2;
        const int h = 8;
        const int w = 9;
        var height = isTransposed ? ((h - 1) * sh) + ((kh - 1) * dh) + 1 + (int)a[13] - (int)a[0] - (int)a[2] : ((h + (int)a[0] + (int)a[2] - ((kh - 1) * dh) - 1) / sh) + 1;
        var width = isTransposed ? ((w - 1) * sw) + ((kw - 1) * dw) + 1 + (int)a[14] - (int)a[1] - (int)a[3] : ((w + (int)a[1] + (int)a[3] - ((kw - 1) * dw) - 1) / sw) + 1;
        var input = TestData.Numbers(n * h * w * ic, 1);
        var filter = TestData.Numbers(oc * kh * kw * inputs, 2);
        var bias = TestData.Numbers(oc, 3);

        var writer = new PayloadWriter();
        uint[] filterShape = isDepthwise ? [1, (uint)kh, (uint)kw, (uint)oc] : [(uint)oc, (uint)kh, (uint)kw, (uint)inputs];
        writer.Convolution(
            kind, a, writer.Input(n, h, w, (uint)ic), writer.Constant(filter, filterShape), writer.Constant(bias, (uint)oc),
            writer.Output(n, (uint)height, (uint)width, (uint)oc), bounds: (-3, 4));
        var output = DelegateRunner.Run(writer, isa, [n, height, width, oc], (input, [n, h, w, ic]));

        var expected = new double[n * height * width * oc];
        for (var i = 0; i < expected.Length; i++)
        {
            expected[i] = bias[i % oc];
        }

        for (var b = 0; b < n; b++)
        {
            for (var o = 0; o < oc; o++)
            {
                var group = o / outputs;
                for (var ky = 0; ky < kh; ky++)
                {
                    for (var kx = 0; kx < kw; kx++)
                    {
                        for (var i = 0; i < inputs; i++)
                        {
                            double weight = isDepthwise ? filter[(((ky * kw) + kx) * oc) + o] : filter[(((((o * kh) + ky) * kw) + kx) * inputs) + i];
                            for (var y = 0; y < (isTransposed ? h : height); y++)
                            {
                                for (var x = 0; x < (isTransposed ? w : width); x++)
                                {
                                    var (fy, fx) = ((y * sh) + (ky * dh) - (int)a[0], (x * sw) + (kx * dw) - (int)a[3]);
                                    var (iy, ix, oy, ox) = isTransposed ? (y, x, fy, fx) : (fy, fx, y, x);
                                    if (iy >= 0 && iy < h && ix >= 0 && ix < w && oy >= 0 && oy < height && ox >= 0 && ox < width)
                                    {
                                        expected[((((b * height) + oy) * width) + ox) * oc + o] +=
                                            weight * input[((((b * h) + iy) * w) + ix) * ic + (group * inputs) + i];
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }

        for (var i = 0; i < output.Length; i++)
        {
            Assert.Equal(Math.Clamp(expected[i], -3, 4), output[i], 1e-4);
        }
    }
}
