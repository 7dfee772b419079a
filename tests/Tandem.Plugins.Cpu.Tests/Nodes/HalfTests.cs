using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Half precision: computed in floats, rounded once a node.</summary>
public class HalfTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_node_rounds_once(string isa)
    {
        var a = TestData.Numbers(99, 1, 300);
        var b = TestData.Numbers(99, 2, 300);
        (a[0], a[1], a[2], a[3], a[4]) = (65504, 1e-7f, 6e-8f, float.PositiveInfinity, float.NaN);
        (b[0], b[1], b[2]) = (65504, 3e-5f, 1);
        var writer = new PayloadWriter();
        var (x, y) = (writer.Input(PayloadDatatype.Fp16, 99), writer.Input(PayloadDatatype.Fp16, 99));
        var product = writer.Internal(PayloadDatatype.Fp16, 99);
        writer.Binary(PayloadNodeKind.Multiply, x, y, product);
        writer.Binary(PayloadNodeKind.Add, product, y, writer.Output(PayloadDatatype.Fp16, 99));
        using var runner = new DelegateRunner(writer, 3, isa);
        var output = runner.Tensor(ScalarType.Half, [99]);
        runner.Execute(runner.Halves(a, 99), runner.Halves(b, 99), output);
        for (var i = 0; i < 99; i++)
        {
            var inner = (Half)((float)(Half)a[i] * (float)(Half)b[i]);
            Assert.Equal((Half)((float)inner + (float)(Half)b[i]), output.AsReadOnlySpan<Half>()[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Filters_may_be_half_or_single(string isa)
    {
        foreach (var type in (PayloadDatatype[])[PayloadDatatype.Fp16, PayloadDatatype.Fp32])
        {
            var weights = TestData.Numbers(7 * 5, 1);
            var bias = TestData.Numbers(7, 2);
            var input = TestData.Numbers(15, 3);
            var writer = new PayloadWriter();
            var x = writer.Input(PayloadDatatype.Fp16, 3, 5);
            var (filter, offset) = type == PayloadDatatype.Fp32
                ? (writer.Constant(weights, 7, 5), writer.Constant(bias, 7))
                : (writer.Constant(Array.ConvertAll(weights, v => (Half)v), 7, 5), writer.Constant(Array.ConvertAll(bias, v => (Half)v), 7));
            var inner = writer.Internal(PayloadDatatype.Fp16, 3, 7);
            writer.FullyConnected(x, filter, offset, inner);
            writer.Reshape(inner, writer.Output(PayloadDatatype.Fp16, 21), 21);
            using var runner = new DelegateRunner(writer, 2, isa);
            var output = runner.Tensor(ScalarType.Half, [21]);
            runner.Execute(runner.Halves(input, 3, 5), output);
            for (var i = 0; i < 21; i++)
            {
                double Stored(float v) => type == PayloadDatatype.Fp32 ? v : (double)(Half)v;
                var sum = Stored(bias[i % 7]);
                for (var k = 0; k < 5; k++)
                {
                    sum += (double)(Half)input[(i / 7 * 5) + k] * Stored(weights[(i % 7 * 5) + k]);
                }

                // Sums of another order may fall to the other side of a tie.
                Assert.Equal(sum, (double)output.AsReadOnlySpan<Half>()[i], 4e-3);
            }
        }
    }

    [Fact]
    public void Conversions_between_half_and_single()
    {
        var writer = new PayloadWriter();
        var x = writer.Input(40);
        var half = writer.Output(PayloadDatatype.Fp16, 40);
        writer.Unary(PayloadNodeKind.Convert, x, half);
        writer.Unary(PayloadNodeKind.Convert, half, writer.Output(40));
        using var runner = new DelegateRunner(writer, 3);
        var input = TestData.Numbers(40, 1, 1000);
        var (b, c) = (runner.Tensor(ScalarType.Half, [40]), runner.Tensor(ScalarType.Float, [40]));
        runner.Execute(runner.Floats(input, 40), b, c);
        Assert.Equal(Array.ConvertAll(input, v => (Half)v), b.AsReadOnlySpan<Half>().ToArray());
        Assert.Equal(Array.ConvertAll(input, v => (float)(Half)v), c.AsReadOnlySpan<float>().ToArray());
    }
}
