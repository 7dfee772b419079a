using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Nodes of statically quantised values against the formulas in plain numbers: at most one code apart.</summary>
public class QuantizedNodeTests
{
    private const float In = 0.05f;
    private const float Out = 0.04f;

    public static TheoryData<string> Rungs => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Rungs))]
    public void Converts_round_half_to_even_and_saturate(string isa)
    {
        float[] x = [0, 0.25f, 0.75f, -0.25f, 1e9f, -1e9f, float.PositiveInfinity, float.NegativeInfinity, .. TestData.Numbers(41, 3, 100)];
        foreach (var (type, zero, low, high) in ((PayloadDatatype, int, int, int)[])[(PayloadDatatype.QInt8, -7, -128, 127), (PayloadDatatype.QUInt8, 9, 0, 255)])
        {
            var writer = new PayloadWriter();
            var input = writer.Input(49);
            var q = writer.Quantised(type, 0.5f, zero, [49]);
            writer.Unary(PayloadNodeKind.Convert, input, q);
            writer.Unary(PayloadNodeKind.Convert, q, writer.Output(49));
            var expected = Array.ConvertAll(x, v => (Math.Clamp(MathF.Round(v / 0.5f) + zero, low, high) - zero) * 0.5f);
            Assert.Equal(expected, DelegateRunner.Run(writer, isa, [49], (x, [49])));
        }
    }

    [Theory]
    [MemberData(nameof(Rungs))]
    public void Arithmetic_with_broadcasting(string isa)
    {
        foreach (var kind in (PayloadNodeKind[])[PayloadNodeKind.Add, PayloadNodeKind.Subtract, PayloadNodeKind.Multiply])
        {
            foreach (var second in (uint[][])[[3, 5, 19], [19], [3, 1, 1], [1]])
            {
                var y = TestData.Numbers((int)second.Aggregate(1u, (a, b) => a * b), 5, 5);
                var x = TestData.Numbers(285, 4, 5);
                var writer = new PayloadWriter();
                var (a, b) = (Quantise(writer, writer.Input(3, 5, 19), 3, [3, 5, 19]), Quantise(writer, writer.Input(second), -20, second));
                var c = writer.Quantised(PayloadDatatype.QInt8, Out, 5, [3, 5, 19]);
                writer.Binary(kind, a, b, c, bounds: (-4, 4));
                writer.Unary(PayloadNodeKind.Convert, c, writer.Output(3, 5, 19));
                var actual = DelegateRunner.Run(writer, isa, [3, 5, 19], (x, [3, 5, 19]), (y, Array.ConvertAll(second, d => (int)d)));
                for (var i = 0; i < actual.Length; i++)
                {
                    var (u, v) = (Round(x[i], In, 3), Round(y[second.Length == 3 && second[1] == 1 ? i / 95 : i % y.Length], In, -20));
                    var exact = kind switch { PayloadNodeKind.Add => u + v, PayloadNodeKind.Subtract => u - v, _ => u * v };
                    Assert.InRange(actual[i] - Round(Math.Clamp(exact, -4, 4), Out, 5), -Out * 1.01f, Out * 1.01f);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rungs))]
    public void A_clamp_behind_a_sum_is_its_bounds_whether_or_not_parameters_change(string isa)
    {
        foreach (var (scale, zero) in ((float, int)[])[(Out, 5), (Out * 2, 5), (Out, -9)])
        {
            foreach (var bounds in ((float, float)[])[(0, 2), (0, float.PositiveInfinity), (-100, 100), (1, 1)])
            {
                var (x, y) = (TestData.Numbers(95, 4, 5), TestData.Numbers(95, 5, 5));
                var writer = new PayloadWriter();
                var sum = writer.Quantised(PayloadDatatype.QInt8, Out, 5, [95]);
                var limited = writer.Quantised(PayloadDatatype.QInt8, scale, zero, [95]);
                writer.Binary(PayloadNodeKind.Add, Quantise(writer, writer.Input(95), 3, [95]), Quantise(writer, writer.Input(95), -20, [95]), sum);
                writer.Unary(PayloadNodeKind.Clamp, sum, limited, bounds: bounds);
                writer.Unary(PayloadNodeKind.Convert, limited, writer.Output(95));
                var actual = DelegateRunner.Run(writer, isa, [95], (x, [95]), (y, [95]));
                for (var i = 0; i < actual.Length; i++)
                {
                    var exact = Round(Round(x[i], In, 3) + Round(y[i], In, -20), Out, 5);
                    Assert.InRange(actual[i] - Round(Math.Clamp(exact, bounds.Item1, bounds.Item2), scale, zero), -scale * 1.01f, scale * 1.01f);
                    Assert.InRange(actual[i], Round(bounds.Item1, scale, zero), Round(bounds.Item2, scale, zero));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rungs))]
    public void Functions_and_pooling(string isa)
    {
        var x = TestData.Numbers(4 * 4 * 19, 6, 5);
        Check(isa, [1, 4, 4, 19], [1, 4, 4, 19], x, 0, (w, q, y) => w.Unary(PayloadNodeKind.Sigmoid, q, y), r => Array.ConvertAll(r, v => 1 / (1 + MathF.Exp(-v))));
        Check(isa, [1, 4, 4, 19], [1, 4, 4, 19], x, 0, (w, q, y) => w.Unary(PayloadNodeKind.Clamp, q, y, bounds: (0, 1)), r => Array.ConvertAll(r, v => Math.Clamp(v, 0, 1)));
        Check(
            isa, [1, 4, 4, 19], [1, 1, 1, 19], x, 0, (w, q, y) => w.Unary(PayloadNodeKind.GlobalAvgPooling2d, q, y, 0x40),
            r => [.. Enumerable.Range(0, 19).Select(c => Enumerable.Range(0, 16).Average(p => r[(p * 19) + c]))]);
        Check(
            isa, [1, 4, 4, 19], [1, 2, 2, 19], x, 3, (w, q, y) => w.Pooling(PayloadNodeKind.MaxPooling2d, [0, 0, 0, 0, 2, 2, 2, 2, 1, 1], q, y, 0x40),
            r => [.. Enumerable.Range(0, 76).Select(i => Window(i).Max(p => r[(p * 19) + (i % 19)]))], In);
        Check(
            isa, [1, 4, 4, 19], [1, 2, 2, 19], x, 3, (w, q, y) => w.Pooling(PayloadNodeKind.AvgPooling2d, [0, 0, 0, 0, 2, 2, 2, 2, 1, 1], q, y, 0x40),
            r => [.. Enumerable.Range(0, 76).Select(i => Window(i).Average(p => r[(p * 19) + (i % 19)]))]);

        static int[] Window(int output)
        {
            var first = (output / 38 * 8) + (output / 19 % 2 * 2);
            return [first, first + 1, first + 4, first + 5];
        }
    }

    [Theory]
    [MemberData(nameof(Rungs))]
    public void Codes_are_moved(string isa)
    {
        var x = TestData.Numbers(2 * 3 * 5, 7, 5);
        Check(
            isa, [2, 3, 5], [5, 2, 3], x, 3, (w, q, y) => w.Transpose(q, y, 2, 0, 1),
            r => [.. Enumerable.Range(0, 30).Select(i => r[(i % 6 * 5) + (i / 6)])], In);
        Check(isa, [2, 3, 5], [30], x, 3, (w, q, y) => w.Reshape(q, y, 30), r => r, In);
        Check(isa, [2, 3, 5], [1, 3, 5], x, 3, (w, q, y) => w.Slice(q, y, [1, 0, 0], [1, 3, 5]), r => r[15..], In);
        Check(isa, [30], [33], x, 3, (w, q, y) => w.Pad(q, y, [1], [2], 1), r => [1, .. r, 1, 1], In);
        Check(isa, [2, 15], [4, 15], x, 3, (w, q, y) => w.Concatenate(0, y, q, q), r => [.. r, .. r], In);
    }

    [Fact]
    public void What_does_not_run_is_refused_by_name()
    {
        Refuse((w, q, y) => w.Unary(PayloadNodeKind.Softmax, q, y));
        Refuse((w, q, y) => w.Binary(PayloadNodeKind.Div, q, q, y));
        Refuse((w, q, y) => w.Reshape(q, y, 4));
        Refuse((w, q, y) => w.Concatenate(0, y, q, q));
        Refuse((w, q, y) => w.Binary(PayloadNodeKind.Add, q, w.Constant([1f], 1), y));
        Refuse((w, q, y) => w.FullyConnected(q, w.Constant(new float[16], 4, 4), PayloadWriter.None, y));
        Refuse((w, q, y) => w.FullyConnected(q, w.PerChannel(PayloadDatatype.QCInt8, [1, 1, 1, 1], 1, [4, 4], new byte[16]), PayloadWriter.None, y));
        Refuse((w, q, y) => w.FullyConnected(q, w.Quantised(PayloadDatatype.QInt8, 1, 3, [4, 4], bytes: new byte[16]), PayloadWriter.None, y));
        Refuse((w, q, y) => w.FullyConnected(
            q, w.PerChannel(PayloadDatatype.QCInt8, [1, float.NaN, 1, 1], 0, [4, 4], new byte[16]), PayloadWriter.None, y), ErrorCode.PayloadInvalid);
        Refuse((w, q, y) => w.FullyConnected(
            q, w.PerChannel(PayloadDatatype.QCInt8, [1, 1, 1, 1], 0, [4, 4], new byte[15]), PayloadWriter.None, y), ErrorCode.PayloadInvalid);
        Refuse((w, q, y) => w.FullyConnected(
            q, w.PerChannel(PayloadDatatype.QCInt8, [1, 1, 1, 1], 0, [4, 4], new byte[16]), w.Constant(new float[4], 4), y), ErrorCode.PayloadInvalid);
    }

    private static void Refuse(Action<PayloadWriter, uint, uint> node, ErrorCode code = ErrorCode.PayloadNotSupported)
    {
        var writer = new PayloadWriter();
        var q = Quantise(writer, writer.Input(1, 4), 3, [1, 4]);
        var y = writer.Quantised(PayloadDatatype.QInt8, 0.3f, 0, [1, 4]);
        node(writer, q, y);
        writer.Unary(PayloadNodeKind.Convert, y, writer.Output(1, 4));
        Assert.Equal(code, Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2)).Code);
    }

    private static void Check(
        string isa, uint[] inputDims, uint[] outputDims, float[] x, int outputZero, Action<PayloadWriter, uint, uint> node, Func<float[], float[]> expected,
        float outputScale = Out)
    {
        var writer = new PayloadWriter();
        var q = Quantise(writer, writer.Input(inputDims), 3, inputDims);
        var y = writer.Quantised(PayloadDatatype.QInt8, outputScale, outputZero, outputDims);
        node(writer, q, y);
        writer.Unary(PayloadNodeKind.Convert, y, writer.Output(outputDims));
        var actual = DelegateRunner.Run(writer, isa, Array.ConvertAll(outputDims, d => (int)d), (x, Array.ConvertAll(inputDims, d => (int)d)));
        var exact = expected(Array.ConvertAll(x, v => Round(v, In, 3)));
        Assert.Equal(exact.Length, actual.Length);
        for (var i = 0; i < exact.Length; i++)
        {
            Assert.InRange(actual[i] - Round(exact[i], outputScale, outputZero), -outputScale * 1.01f, outputScale * 1.01f);
        }
    }

    private static uint Quantise(PayloadWriter writer, uint input, int zeroPoint, uint[] dims)
    {
        var q = writer.Quantised(PayloadDatatype.QInt8, In, zeroPoint, dims);
        writer.Unary(PayloadNodeKind.Convert, input, q);
        return q;
    }

    private static float Round(float value, float scale, int zeroPoint) => (Math.Clamp(MathF.Round(value / scale) + zeroPoint, -128, 127) - zeroPoint) * scale;
}
