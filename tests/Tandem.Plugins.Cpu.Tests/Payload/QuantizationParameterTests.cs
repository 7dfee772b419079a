using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;
using Table = Tandem.Plugins.Cpu.Tests.Fakes.FlatWriter.Table;

namespace Tandem.Plugins.Cpu.Tests.Payload;

/// <summary>The parameters of quantised values: what a payload states is what the reader gives, and what is impossible is refused at load.</summary>
public class QuantizationParameterTests
{
    [Fact]
    public void All_kinds_of_parameters_are_read()
    {
        var writer = new PayloadWriter();
        writer.Quantised(PayloadDatatype.QInt8, 0.5f, -7, [2, 4]);
        writer.PerChannel(PayloadDatatype.QCInt8, [1, 2, 3], 0, [3, 4], new byte[12], isInline: true);
        writer.PerChannel(PayloadDatatype.QCInt8, [1, 2, 3], 3, [1, 2, 2, 3], new byte[12]);
        writer.Quantised(PayloadDatatype.QDInt8, 3, new Table { [0] = 2 }, [2, 4, 4]);
        writer.Quantised(PayloadDatatype.QBInt4, 4, new Table { [1] = 0, [2] = 32, [4] = writer.AddConstant(new byte[8]), [5] = 4u }, [2, 64], bytes: new byte[64]);
        var values = PayloadReader.Read(writer.Write()).Values;
        Assert.Equal(new PayloadQuantization.PerTensor(0.5f, -7), values[0].Quantization);
        var inline = Assert.IsType<PayloadQuantization.PerChannel>(values[1].Quantization);
        Assert.Equal([1, 2, 3], inline.Scales!);
        Assert.Equal((0, 0u, 0u), (inline.ChannelDimension, inline.ScaleIndex, inline.ScaleCount));
        var constant = Assert.IsType<PayloadQuantization.PerChannel>(values[2].Quantization);
        Assert.Equal((3, 3u), (constant.ChannelDimension, constant.ScaleCount));
        Assert.NotEqual(0u, constant.ScaleIndex);
        Assert.Equal(new PayloadQuantization.PerTokenDynamic(2), values[3].Quantization);
        var group = Assert.IsType<PayloadQuantization.PerChannelGroup>(values[4].Quantization);
        Assert.Equal((0, 32, 4u), (group.ChannelDimension, group.GroupSize, group.ScaleCount));
        Assert.Equal([8, 12, 12, 32, 64], values.Select(v => v.ByteCount));
    }

    [Fact]
    public void An_old_export_that_quantises_its_input_reads_as_a_convert()
    {
        var writer = new PayloadWriter();
        var x = writer.QuantisedInput(2, 4);
        writer.FullyConnected(x, writer.PerChannel(PayloadDatatype.QCInt8, [1, 2], 0, [2, 4], new byte[8]), PayloadWriter.None, writer.Output(2, 2));
        var graph = PayloadReader.Read(writer.Write());
        Assert.Equal([PayloadNodeKind.Convert, PayloadNodeKind.FullyConnected], graph.Nodes.Select(n => n.Kind));
        var quantized = Assert.Single(graph.Values, v => v.Datatype == PayloadDatatype.QDInt8);
        Assert.Equal(new PayloadQuantization.PerTokenDynamic(1), quantized.Quantization);
        Assert.Equal([x], graph.Nodes[0].Inputs);
        Assert.Equal([quantized.Id], graph.Nodes[0].Outputs);
        Assert.Equal(quantized.Id, graph.Nodes[1].Inputs[0]);
        Assert.Equal(graph.Values.Length, graph.Values.Select(v => v.Id).Distinct().Count());
    }

    [Theory]
    [InlineData(3, 1u)]
    [InlineData(4, 1u)]
    [InlineData(3, 0u)]
    public void Only_a_float_input_is_quantised_by_an_old_export(int dynamic, uint flags)
    {
        var writer = new PayloadWriter();
        writer.Value(PayloadDatatype.Int32, [2], external: flags == 0 ? PayloadWriter.None : 0, flags: flags, dynamic: (short)dynamic);
        Assert.Equal(ErrorCode.PayloadInvalid, Assert.Throws<TandemException>(() => PayloadReader.Read(writer.Write())).Code);
    }

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(-1f, 0)]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 0)]
    [InlineData(1e-40f, 0)]
    [InlineData(1f, -129)]
    [InlineData(1f, 128)]
    public void Impossible_parameters_of_a_tensor_are_refused(float scale, int zeroPoint) =>
        AssertInvalid(writer => writer.Quantised(PayloadDatatype.QInt8, scale, zeroPoint, [4]));

    [Fact]
    public void Parameters_that_do_not_fit_the_value_are_refused()
    {
        AssertInvalid(w => w.Quantised(PayloadDatatype.QUInt8, 1, -1, [4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QUInt8, 1, 256, [4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QInt32, 1, 1, [4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.Fp32, 1, 0, [4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QCInt8, 1, 0, [4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QDInt8, 1, 0, [4]));
        AssertInvalid(w => w.Value(PayloadDatatype.QInt8, [4]));
        AssertInvalid(w => w.Value(PayloadDatatype.QInt8, [4], union: 2));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QInt8, 5, new Table(), [4]));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QInt8, [1, 1], 0, [2, 4]));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1, 1], 2, [2, 4]));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1, 1], -1, [2, 4]));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1, 1], 1, [2, 4]));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1], 0, [2, 4], isInline: true));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1, 1, 1], 0, [2, 4], isInline: true));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1, 0], 0, [2, 4], isInline: true));
        AssertInvalid(w => w.PerChannel(PayloadDatatype.QCInt8, [1, float.NaN], 0, [2, 4], isInline: true));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QCInt8, 1, new Table { [1] = 0 }, [2, 4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QDInt8, 3, new Table { [0] = 0 }, [2, 4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QDInt8, 3, new Table { [0] = 3 }, [2, 4]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QDInt8, 3, new Table { [0] = 1 }, [2, 4], bytes: new byte[8]));
        AssertInvalid(w => w.Quantised(PayloadDatatype.QInt8, 3, new Table { [0] = 1 }, [2, 4]));
        foreach (var (rank, size, dimension, count) in ((int, int, int, uint)[])[(2, 16, 0, 8), (2, 0, 0, 4), (2, -32, 0, 4), (2, 96, 0, 1), (2, 32, 1, 4), (2, 32, 0, 3), (3, 32, 0, 4)])
        {
            AssertInvalid(w => w.Quantised(
                PayloadDatatype.QBInt4, 4, new Table { [1] = dimension, [2] = size, [4] = w.AddConstant(new byte[32]), [5] = count },
                rank == 2 ? [2, 64] : [1, 2, 64], bytes: new byte[64]));
        }
    }

    private static void AssertInvalid(Action<PayloadWriter> value)
    {
        var writer = new PayloadWriter();
        writer.Unary(PayloadNodeKind.Abs, writer.Input(4), writer.Output(4));
        value(writer);
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2));
        Assert.Equal(ErrorCode.PayloadInvalid, error.Code);
        Assert.NotNull(error.Details.Location);
    }
}
