using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>bf16: computed in floats, rounded once a node.</summary>
public class BFloat16Tests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Linear_with_a_bf16_filter_gives_bf16_or_single(string isa)
    {
        foreach (var (rows, k, n) in ((int, int, int)[])[(1, 1, 1), (3, 5, 7), (2, 33, 17)])
        {
            foreach (var type in (PayloadDatatype[])[PayloadDatatype.BF16, PayloadDatatype.Fp32])
            {
                var weights = Array.ConvertAll(TestData.Numbers(n * k, 1), v => (BFloat16)v);
                var bias = TestData.Numbers(n, 2);
                var input = Array.ConvertAll(TestData.Numbers(rows * k, 3), v => (BFloat16)v);
                var writer = new PayloadWriter();
                var x = writer.Input(PayloadDatatype.BF16, (uint)rows, (uint)k);
                var filter = writer.Constant(PayloadDatatype.BF16, MemoryMarshal.AsBytes<BFloat16>(weights).ToArray(), (uint)n, (uint)k);
                writer.FullyConnected(x, filter, writer.Constant(bias, (uint)n), writer.Output(type, (uint)rows, (uint)n));
                using var runner = new DelegateRunner(writer, 2, isa);
                var output = runner.Tensor(type == PayloadDatatype.BF16 ? ScalarType.BFloat16 : ScalarType.Float, [rows, n]);
                runner.Execute(Tensor(runner, input, rows, k), output);
                for (var i = 0; i < rows * n; i++)
                {
                    double sum = bias[i % n];
                    var magnitude = Math.Abs(sum);
                    for (var j = 0; j < k; j++)
                    {
                        var product = (double)(float)input[(i / n * k) + j] * (float)weights[(i % n * k) + j];
                        sum += product;
                        magnitude += Math.Abs(product);
                    }

                    // Half a unit in the last of eight bits, and the rounding of sums in floats.
                    var found = type == PayloadDatatype.BF16 ? (float)output.AsReadOnlySpan<BFloat16>()[i] : output.AsReadOnlySpan<float>()[i];
                    Assert.Equal(sum, found, (type == PayloadDatatype.BF16 ? Math.Abs(sum) / 256 : 0) + (magnitude * k * 1e-7) + 1e-30);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Results_round_half_to_even_and_keep_NaN_infinities_and_denormals(string isa)
    {
        uint[] bits =
        [
            0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0xBF808000, 0x7F7FFFFF, 0x7F7F7FFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF, 0, 0x80000000,
            1, 0x80000001, 0x8000, 0x8001, 0x18000, 0x007FFFFF, 0x80010000, 0x00800000,
        ];
        var input = Array.ConvertAll(bits, BitConverter.UInt32BitsToSingle);
        var count = (uint)bits.Length;
        var writer = new PayloadWriter();
        var narrow = writer.Output(PayloadDatatype.BF16, count);
        writer.Unary(PayloadNodeKind.Convert, writer.Input(count), narrow);
        writer.Unary(PayloadNodeKind.Convert, narrow, writer.Output(count));
        using var runner = new DelegateRunner(writer, 3, isa);
        var (b, c) = (runner.Tensor(ScalarType.BFloat16, [bits.Length]), runner.Tensor(ScalarType.Float, [bits.Length]));
        // Outputs were numbered before the input.
        runner.Execute(b, runner.Floats(input, bits.Length), c);
        for (var i = 0; i < bits.Length; i++)
        {
            Assert.Equal((bits[i], ((BFloat16)input[i]).Bits), (bits[i], b.AsReadOnlySpan<BFloat16>()[i].Bits));
            Assert.Equal((float)(BFloat16)input[i], c.AsReadOnlySpan<float>()[i]);
        }
    }

    [Fact]
    public void A_NaN_or_an_infinity_reaches_its_row_alone()
    {
        var writer = new PayloadWriter();
        var filter = writer.Constant(PayloadDatatype.BF16, MemoryMarshal.AsBytes<BFloat16>([(BFloat16)1, (BFloat16)1]).ToArray(), 1, 2);
        writer.FullyConnected(writer.Input(PayloadDatatype.BF16, 3, 2), filter, writer.Constant([0f], 1), writer.Output(PayloadDatatype.BF16, 3, 1));
        using var runner = new DelegateRunner(writer, 2);
        var output = runner.Tensor(ScalarType.BFloat16, [3, 1]);
        runner.Execute(Tensor(runner, [(BFloat16)float.NaN, (BFloat16)1, (BFloat16)2, (BFloat16)3, (BFloat16)float.PositiveInfinity, (BFloat16)1], 3, 2), output);
        Assert.Equal([float.NaN, 5, float.PositiveInfinity], Array.ConvertAll(output.AsReadOnlySpan<BFloat16>().ToArray(), v => (float)v));
    }

    private static TensorView Tensor(DelegateRunner runner, BFloat16[] values, params int[] sizes)
    {
        var view = runner.Tensor(ScalarType.BFloat16, sizes);
        values.CopyTo(view.AsSpan<BFloat16>());
        return view;
    }
}
