using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Plugins.Cpu.Tests.Kernels;
using Tandem.Sdk;
using Xunit;
using Table = Tandem.Plugins.Cpu.Tests.Fakes.FlatWriter.Table;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Nodes whose input is quantised while running, against a plain reference; the kernels below have tests of their own.</summary>
public sealed unsafe class DynamicQuantizationNodeTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void FullyConnected_with_every_kind_of_weights_layout_and_bias(string isa)
    {
        foreach (var (kind, k, group) in ((QuantizedWeightKind, int, int)[])[
            (QuantizedWeightKind.Int8Channel, 21, 0), (QuantizedWeightKind.Int4Channel, 33, 0), (QuantizedWeightKind.Int4Block32, 64, 32),
            (QuantizedWeightKind.Int4Group, 128, 64), (QuantizedWeightKind.Int4Group, 256, 128), (QuantizedWeightKind.Int4Group, 96, 96)])
        {
            foreach (var (isInline, isTransposed, hasBias) in ((bool, bool, bool)[])[(false, false, true), (true, false, false), (false, true, true)])
            {
                var reference = new QuantizedReference(kind, 19, k, group, 7);
                if (isTransposed && reference.HasGroups)
                {
                    continue;
                }

                var writer = new PayloadWriter();
                var filter = Filter(writer, reference, isInline, isTransposed);
                var bias = hasBias ? writer.Constant(reference.Bias, 19) : PayloadWriter.None;
                writer.FullyConnected(
                    Convert(writer, writer.Input(2, 3, (uint)k)), filter, bias, writer.Output(2, 3, 19), isTransposed ? 1u : 0, (-1, 2));
                var input = TestData.Numbers(6 * k, 1);
                var output = DelegateRunner.Run(writer, isa, [2, 3, 19], (input, [2, 3, k]));
                AssertProduct(reference, input, 6, 1, hasBias, output, (-1, 2));
            }
        }
    }

    [Fact]
    public void Several_products_of_one_input_quantise_it_once_and_run_as_one_step()
    {
        var references = new QuantizedReference[]
        {
            new(QuantizedWeightKind.Int4Block32, 5, 64, 32, 1), new(QuantizedWeightKind.Int8Channel, 40, 64, 0, 2), new(QuantizedWeightKind.Int4Group, 7, 64, 64, 3),
        };
        var writer = new PayloadWriter();
        var rows = Convert(writer, writer.Input(2, 64));
        foreach (var reference in references)
        {
            var product = writer.Internal(2, (uint)reference.N);
            writer.FullyConnected(rows, Filter(writer, reference), PayloadWriter.None, product);
            writer.Unary(PayloadNodeKind.Clamp, product, writer.Output(2, (uint)reference.N), bounds: (-1, null));
        }

        using var runner = new DelegateRunner(writer, 4, threads: 2);
        var input = TestData.Numbers(2 * 64, 1);
        var arguments = references.Select(reference => runner.Tensor(ScalarType.Float, [2, reference.N])).Prepend(runner.Floats(input, 2, 64)).ToArray();
        var context = new FakeExecuteContext(runner.Host.Pool) { Events = [] };
        runner.Execute(context, arguments);
        Assert.Equal(["FullyConnected"], context.Events);
        for (var i = 0; i < 3; i++)
        {
            // A bound that is not stated is 0.
            AssertProduct(references[i], input, 2, 1, false, arguments[i + 1].AsReadOnlySpan<float>().ToArray(), (-1, 0));
        }
    }

    [Fact]
    public void Equal_weights_with_other_scales_or_bias_or_groups_are_packed_on_their_own()
    {
        var reference = new QuantizedReference(QuantizedWeightKind.Int4Block32, 8, 128, 32, 1);
        var scaled = new QuantizedReference(QuantizedWeightKind.Int4Block32, 8, 128, 32, 1);
        Array.ForEach(Enumerable.Range(0, scaled.Scales.Length).ToArray(), i => scaled.Scales[i] *= 2);
        var grouped = new QuantizedReference(QuantizedWeightKind.Int4Group, 8, 128, 64, 1);
        Assert.Equal(reference.Bytes(), scaled.Bytes());
        foreach (var isInline in (bool[])[false, true])
        {
            var writer = new PayloadWriter { UsesNamedData = true };
            var rows = Convert(writer, writer.Input(1, 128));
            (QuantizedReference Reference, bool HasBias)[] nodes = [(reference, false), (scaled, false), (reference, true), (grouped, false), (reference, false)];
            foreach (var (weights, hasBias) in nodes)
            {
                writer.FullyConnected(
                    rows, Filter(writer, weights, isInline), hasBias ? writer.Constant(weights.Bias, 8) : PayloadWriter.None, writer.Output(1, 8));
            }

            using var runner = new DelegateRunner(writer, nodes.Length + 1);
            var input = TestData.Numbers(128, 1);
            var arguments = nodes.Select(_ => runner.Tensor(ScalarType.Float, [1, 8])).Prepend(runner.Floats(input, 1, 128)).ToArray();
            runner.Execute(arguments);
            for (var i = 0; i < nodes.Length; i++)
            {
                AssertProduct(nodes[i].Reference, input, 1, 1, nodes[i].HasBias, arguments[i + 1].AsReadOnlySpan<float>().ToArray());
            }

            Assert.Equal(4, runner.Host.Cache.Created);
        }
    }

    [Fact]
    public void Half_precision_goes_in_and_out()
    {
        var reference = new QuantizedReference(QuantizedWeightKind.Int8Channel, 6, 40, 0, 1);
        var writer = new PayloadWriter();
        var bias = writer.Constant(Array.ConvertAll(reference.Bias, value => (Half)value), 6);
        for (var i = 0; i < 6; i++)
        {
            reference.Bias[i] = (float)(Half)reference.Bias[i];
        }

        writer.FullyConnected(
            Convert(writer, writer.Input(PayloadDatatype.Fp16, 3, 40)), Filter(writer, reference), bias, writer.Output(PayloadDatatype.Fp16, 3, 6));
        using var runner = new DelegateRunner(writer, 2);
        var input = Array.ConvertAll(TestData.Numbers(3 * 40, 1), value => (float)(Half)value);
        var output = runner.Tensor(ScalarType.Half, [3, 6]);
        runner.Execute(runner.Halves(input, 3, 40), output);
        AssertProduct(reference, input, 3, 1, true, Array.ConvertAll(output.AsReadOnlySpan<Half>().ToArray(), value => (float)value), tolerance: 1e-3);
    }

    [Fact]
    public void Shapes_change_from_call_to_call_and_no_rows_are_no_work()
    {
        var reference = new QuantizedReference(QuantizedWeightKind.Int4Block32, 12, 32, 32, 1);
        var writer = new PayloadWriter();
        writer.FullyConnected(Convert(writer, writer.Input(9, 32)), Filter(writer, reference), PayloadWriter.None, writer.Output(9, 12));
        using var runner = new DelegateRunner(writer, 2);
        foreach (var m in (int[])[9, 1, 0, 7])
        {
            var input = TestData.Numbers(m * 32, m);
            var output = runner.Tensor(ScalarType.Float, [9, 12], isDynamic: true);
            runner.Execute(runner.Floats(input, m, 32), output);
            Assert.Equal([m, 12], output.Sizes.ToArray());
            AssertProduct(reference, input, m, 1, false, output.AsReadOnlySpan<float>().ToArray());
        }
    }

    [Fact]
    public void Rows_of_two_dimensions_share_a_scale()
    {
        var reference = new QuantizedReference(QuantizedWeightKind.Int8Channel, 5, 20, 0, 1);
        var writer = new PayloadWriter();
        writer.FullyConnected(Convert(writer, writer.Input(2, 3, 20), 2), Filter(writer, reference), PayloadWriter.None, writer.Output(2, 3, 5));
        var input = TestData.Numbers(6 * 20, 1);
        for (var i = 0; i < 20; i++)
        {
            input[i] *= 10;
        }

        AssertProduct(reference, input, 6, 3, false, DelegateRunner.Run(writer, null, [2, 3, 5], (input, [2, 3, 20])));
    }

    [Fact]
    public void An_old_export_that_quantises_its_input_runs()
    {
        var reference = new QuantizedReference(QuantizedWeightKind.Int8Channel, 5, 20, 0, 1);
        var writer = new PayloadWriter();
        writer.FullyConnected(writer.QuantisedInput(2, 20), Filter(writer, reference), PayloadWriter.None, writer.Output(2, 5));
        var input = TestData.Numbers(2 * 20, 1);
        AssertProduct(reference, input, 2, 1, false, DelegateRunner.Run(writer, null, [2, 5], (input, [2, 20])));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Conv2d_quantises_each_image_with_one_scale(string isa)
    {
        foreach (var (groups, inputs, outputs, kernel, stride, dilation, padding) in ((int, int, int, int, int, int, int)[])[
            (1, 3, 8, 3, 1, 1, 1), (1, 5, 17, 1, 1, 1, 0), (2, 4, 6, 3, 2, 1, 1), (1, 2, 3, 2, 1, 2, 2), (4, 1, 2, 3, 1, 1, 0)])
        {
            var (batch, height, width) = (2, 9, 11);
            var (channels, depth) = (groups * inputs, kernel * kernel * inputs);
            var reference = new QuantizedReference(QuantizedWeightKind.Int8Channel, groups * outputs, depth, 0, 1);
            var (rows, columns) = (Slide(height), Slide(width));
            var writer = new PayloadWriter();
            var x = writer.Input((uint)batch, (uint)height, (uint)width, (uint)channels);
            var filter = writer.PerChannel(
                PayloadDatatype.QCInt8, reference.Scales, 0, [(uint)reference.N, (uint)kernel, (uint)kernel, (uint)inputs], reference.Bytes());
            var (p, s, d) = ((uint)padding, (uint)stride, (uint)dilation);
            writer.Convolution(
                PayloadNodeKind.Conv2d, [p, p, p, p, (uint)kernel, (uint)kernel, s, s, d, d, (uint)inputs, (uint)outputs, (uint)groups],
                Convert(writer, x, 3), filter, writer.Constant(reference.Bias, (uint)reference.N),
                writer.Output((uint)batch, (uint)rows, (uint)columns, (uint)reference.N), bounds: (-2, 3));
            var input = TestData.Numbers(batch * height * width * channels, 1);
            for (var i = 0; i < input.Length / 2; i++)
            {
                input[i] = (input[i] * 7) + 1;
            }

            var output = DelegateRunner.Run(writer, isa, [batch, rows, columns, reference.N], (input, [batch, height, width, channels]));
            for (var i = 0; i < output.Length; i++)
            {
                var (channel, column, row, image) = (i % reference.N, i / reference.N % columns, i / reference.N / columns % rows, i / reference.N / columns / rows);
                var size = height * width * channels;
                RowQuantization q;
                fixed (float* first = input)
                {
                    q = RowQuantizer.Measure(InstructionSet.Scalar, first + (image * size), size);
                }

                double sum = 0;
                for (var j = 0; j < depth; j++)
                {
                    var (y, z) = ((row * stride) + (j / inputs / kernel * dilation) - padding, (column * stride) + (j / inputs % kernel * dilation) - padding);
                    if (y >= 0 && y < height && z >= 0 && z < width)
                    {
                        var value = input[(image * size) + (((y * width) + z) * channels) + (channel / outputs * inputs) + (j % inputs)];
                        var code = MathF.Round(Math.Clamp(value * q.Scale, -128 - q.ZeroPoint, 127 - q.ZeroPoint));
                        sum += code * q.InverseScale * reference.Weights[(channel * depth) + j] * reference.Scales[channel];
                    }
                }

                Assert.Equal(Math.Clamp(sum + reference.Bias[channel], -2, 3), output[i], 2e-3);
            }

            int Slide(int length) => ((length + (2 * padding) - ((kernel - 1) * dilation) - 1) / stride) + 1;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ConvTranspose2d_quantises_each_image_with_one_scale(string isa)
    {
        foreach (var (groups, inputs, outputs, kernel, stride, dilation, padding, adjustment) in ((int, int, int, int, int, int, int, int)[])[
            (1, 3, 8, 3, 2, 1, 1, 1), (1, 5, 17, 2, 2, 1, 0, 0), (2, 4, 6, 3, 1, 1, 1, 0), (1, 2, 3, 3, 3, 2, 2, 2), (1, 1, 1, 1, 1, 1, 0, 0)])
        {
            var (batch, height, width) = (2, 4, 5);
            var (channels, depth) = (groups * inputs, kernel * kernel * inputs);
            var reference = new QuantizedReference(QuantizedWeightKind.Int8Channel, groups * outputs, depth, 0, 1);
            var (rows, columns) = (Grow(height), Grow(width));
            var writer = new PayloadWriter();
            var x = writer.Input((uint)batch, (uint)height, (uint)width, (uint)channels);
            var filter = writer.PerChannel(
                PayloadDatatype.QCInt8, reference.Scales, 0, [(uint)reference.N, (uint)kernel, (uint)kernel, (uint)inputs], reference.Bytes());
            var (p, s, d, a) = ((uint)padding, (uint)stride, (uint)dilation, (uint)adjustment);
            writer.Convolution(
                PayloadNodeKind.ConvTranspose2d, [p, p, p, p, (uint)kernel, (uint)kernel, s, s, d, d, (uint)inputs, (uint)outputs, (uint)groups, a, a],
                Convert(writer, x, 3), filter, writer.Constant(reference.Bias, (uint)reference.N),
                writer.Output((uint)batch, (uint)rows, (uint)columns, (uint)reference.N), bounds: (-2, 3));
            var input = TestData.Numbers(batch * height * width * channels, 1);
            var sums = new double[batch * rows * columns * reference.N];
            var size = height * width * channels;
            for (var i = 0; i < input.Length; i++)
            {
                var (channel, column, row, image) = (i % channels, i / channels % width, i / channels / width % height, i / size);
                RowQuantization q;
                fixed (float* first = input)
                {
                    q = RowQuantizer.Measure(InstructionSet.Scalar, first + (image * size), size);
                }

                var code = MathF.Round(Math.Clamp(input[i] * q.Scale, -128 - q.ZeroPoint, 127 - q.ZeroPoint));
                for (var k = 0; k < kernel * kernel * outputs; k++)
                {
                    var (z, y, output) = (k % kernel, k / kernel % kernel, (channel / inputs * outputs) + (k / kernel / kernel));
                    var (r, c) = ((row * stride) + (y * dilation) - padding, (column * stride) + (z * dilation) - padding);
                    if (r >= 0 && r < rows && c >= 0 && c < columns)
                    {
                        sums[(((((image * rows) + r) * columns) + c) * reference.N) + output] += code * q.InverseScale
                            * reference.Weights[(output * depth) + (((y * kernel) + z) * inputs) + (channel % inputs)] * reference.Scales[output];
                    }
                }
            }

            var results = DelegateRunner.Run(writer, isa, [batch, rows, columns, reference.N], (input, [batch, height, width, channels]));
            for (var i = 0; i < results.Length; i++)
            {
                Assert.Equal(Math.Clamp(sums[i] + reference.Bias[i % reference.N], -2, 3), results[i], 2e-3);
            }

            int Grow(int length) => ((length - 1) * stride) + ((kernel - 1) * dilation) + 1 + adjustment - (2 * padding);
        }
    }

    [Fact]
    public void A_NaN_in_a_row_makes_its_results_NaN()
    {
        var reference = new QuantizedReference(QuantizedWeightKind.Int4Block32, 4, 32, 32, 1);
        var writer = new PayloadWriter();
        writer.FullyConnected(Convert(writer, writer.Input(2, 32)), Filter(writer, reference), PayloadWriter.None, writer.Output(2, 4), bounds: (0, 1));
        var input = TestData.Numbers(2 * 32, 1);
        input[40] = float.NaN;
        var output = DelegateRunner.Run(writer, null, [2, 4], (input, [2, 32]));
        Assert.All(output[..4], value => Assert.InRange(value, 0, 1));
        Assert.All(output[4..], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Scales_in_a_constant_are_checked()
    {
        foreach (var scale in (float[])[0, -1, float.NaN, float.PositiveInfinity, 1e-39f])
        {
            var bits = (ushort)(BitConverter.SingleToUInt32Bits(scale) >> 16);
            AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
                x, Groups(writer, 32, [.. Enumerable.Repeat((ushort)0x3F80, 7), bits]), PayloadWriter.None, y));
            AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
                x, writer.PerChannel(PayloadDatatype.QCInt8, [1, 1, 1, scale], 0, [4, 64], new byte[4 * 64]), PayloadWriter.None, y));
            AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
                x, writer.PerChannel(PayloadDatatype.QCInt4, [1, 1, 1, scale], 0, [4, 64], new byte[4 * 32]), PayloadWriter.None, y));
        }
    }

    [Fact]
    public void Groups_buffers_and_operands_that_do_not_fit_are_refused()
    {
        // Fewer bytes of scales, or of weights, than the shape needs.
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(x, Groups(writer, 32, new ushort[4], 8), PayloadWriter.None, y));
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
            x, Groups(writer, 32, [.. Enumerable.Repeat((ushort)0x3F80, 8)], bytes: 4 * 31), PayloadWriter.None, y));

        // Groups that divide no row, also of odd length.
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
            x, Groups(writer, 48, [.. Enumerable.Repeat((ushort)0x3F80, 8)]), PayloadWriter.None, y));
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
            x, Groups(writer, 32, [.. Enumerable.Repeat((ushort)0x3F80, 8)], k: 65), PayloadWriter.None, y));

        // Filters and biases of other kinds.
        AssertRefused(ErrorCode.PayloadNotSupported, (writer, x, y) => writer.FullyConnected(x, writer.Constant(new float[4 * 64], 4, 64), PayloadWriter.None, y));
        AssertRefused(ErrorCode.PayloadNotSupported, (writer, x, y) => writer.FullyConnected(
            x, writer.PerChannel(PayloadDatatype.QCInt8, [1, 1, 1, 1], 0, [4, 64]), PayloadWriter.None, y));
        AssertRefused(ErrorCode.PayloadNotSupported, (writer, x, y) => writer.FullyConnected(x, Int8(writer, 4, 64), writer.Input(4), y), inputs: 2);
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(x, Int8(writer, 4, 64), writer.Constant(new float[3], 3), y));
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(x, Int8(writer, 4, 63), PayloadWriter.None, y));
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
            x, writer.PerChannel(PayloadDatatype.QCInt8, new float[64].Select(_ => 1f).ToArray(), 1, [4, 64], new byte[4 * 64]), PayloadWriter.None, y));
        AssertRefused(ErrorCode.PayloadNotSupported, (writer, x, y) => writer.FullyConnected(
            x, Groups(writer, 32, [.. Enumerable.Repeat((ushort)0x3F80, 8)]), PayloadWriter.None, y, flags: 1));

        // Another node reads the quantised value; it is written twice; it is read before it is written.
        AssertRefused(ErrorCode.PayloadNotSupported, (writer, x, y) => writer.Unary(PayloadNodeKind.Abs, x, y));
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) =>
        {
            writer.Unary(PayloadNodeKind.Convert, 0, x);
            writer.FullyConnected(x, Int8(writer, 4, 64), PayloadWriter.None, y);
        });
        AssertRefused(ErrorCode.PayloadInvalid, (writer, x, y) => writer.FullyConnected(
            writer.Quantised(PayloadDatatype.QDInt8, 3, new Table { [0] = 1 }, [2, 64]), Int8(writer, 4, 64), PayloadWriter.None, y));
    }

    private static uint Int8(PayloadWriter writer, int n, int k) =>
        writer.PerChannel(PayloadDatatype.QCInt8, [.. Enumerable.Repeat(1f, n)], 0, [(uint)n, (uint)k], new byte[n * k]);

    private static uint Groups(PayloadWriter writer, int groupSize, ushort[] scales, int? count = null, int bytes = 4 * 32, int k = 64) => writer.Quantised(
        PayloadDatatype.QBInt4, 4,
        new Table
        {
            [1] = 0,
            [2] = groupSize,
            [4] = writer.AddConstant(MemoryMarshal.AsBytes<ushort>(scales).ToArray()),
            [5] = (uint)(count ?? scales.Length),
        },
        [4, (uint)k], bytes: new byte[bytes]);

    private static void AssertRefused(ErrorCode code, Action<PayloadWriter, uint, uint> node, int inputs = 1)
    {
        var writer = new PayloadWriter();
        var x = writer.Input(2, 64);
        var y = writer.Output(2, 4);
        node(writer, Convert(writer, x), y);
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, inputs + 1).Dispose());
        Assert.Equal(code, error.Code);
        Assert.NotNull(error.Details.Location);
    }

    private static uint Convert(PayloadWriter writer, uint input, int dimensions = 1)
    {
        var rows = writer.Quantised(PayloadDatatype.QDInt8, 3, new Table { [0] = dimensions }, writer.Dims(input));
        writer.Unary(PayloadNodeKind.Convert, input, rows);
        return rows;
    }

    private static uint Filter(PayloadWriter writer, QuantizedReference reference, bool isInline = false, bool isTransposed = false)
    {
        var (n, k) = ((uint)reference.N, (uint)reference.K);
        uint[] dims = isTransposed ? [k, n] : [n, k];
        var type = reference.Kind switch
        {
            QuantizedWeightKind.Int8Channel => PayloadDatatype.QCInt8,
            QuantizedWeightKind.Int4Channel => PayloadDatatype.QCInt4,
            _ => PayloadDatatype.QBInt4,
        };
        var bytes = isTransposed ? reference.TransposedBytes() : reference.Bytes();
        if (!reference.HasGroups)
        {
            return writer.PerChannel(type, reference.Scales, isTransposed ? 1 : 0, dims, bytes, isInline);
        }

        var group = reference.K * reference.N / reference.Scales.Length;

        // Inline scales are those of old exports: fp32, made bf16 by a factor and a cut, which leaves one that is bf16 as it is.
        var parameters = isInline
            ? new Table { [0] = reference.Scales.Select(BitConverter.SingleToUInt32Bits).ToArray(), [1] = 0, [2] = group }
            : new Table
            {
                [1] = 0,
                [2] = group,
                [4] = writer.AddConstant(MemoryMarshal.AsBytes<ushort>(reference.BFloat16Scales()).ToArray()),
                [5] = (uint)reference.Scales.Length,
            };
        return writer.Quantised(type, 4, parameters, dims, bytes: bytes);
    }

    private static void AssertProduct(
        QuantizedReference reference, float[] input, int m, int rowsPerScale, bool hasBias, float[] output, (float Low, float High)? bounds = null,
        double tolerance = 2e-6)
    {
        fixed (float* a = input)
        {
            var (expected, magnitudes) = reference.Multiply(a, m, rowsPerScale, hasBias);
            Assert.Equal(expected.Length, output.Length);
            var (low, high) = bounds ?? (float.NegativeInfinity, float.PositiveInfinity);
            for (var i = 0; i < output.Length; i++)
            {
                Assert.InRange(output[i] - Math.Clamp(expected[i], low, high), -magnitudes[i] * tolerance, magnitudes[i] * tolerance);
            }
        }
    }
}
