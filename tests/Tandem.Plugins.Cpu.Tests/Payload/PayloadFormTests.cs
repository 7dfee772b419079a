using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Payload;

public class PayloadFormTests
{
    [Fact]
    public void Constants_inline_named_and_within_the_flatbuffer_give_the_same()
    {
        var inline = Graph(false);
        var named = Graph(true);
        var expected = Run(inline.Write(), []);
        Assert.Equal(expected, Run(named.Write(), named.NamedData));
        Assert.Equal(expected, Run(inline.Write("XN00"), []));
        Assert.Equal(expected, Run(inline.WriteLegacy(), []));
    }

    [Fact]
    public void Equal_weights_are_packed_once_over_sessions_and_given_back()
    {
        var graph = Graph(true);
        var payload = graph.Write();
        var host = new FakeHost();
        using var plugin = new CpuPlugin();
        using var runtime = plugin.CreateRuntime("XnnpackBackend", host)!;
        using var named = new FakeNamedData(graph.NamedData);
        var programs = new FakeCache();
        var delegates = new List<IBackendDelegate>();
        for (var session = 0; session < 4; session++)
        {
            delegates.Add(runtime.Initialize(new FakeInitializeContext(payload, 2, named, programs, BackendOptions.Empty, session)));
        }

        Assert.Equal(1, host.Cache.Created);

        // The graph, and the memory that its packed weights lie in.
        Assert.Equal(2, programs.Created);

        // Another program with the same weights shares them too.
        using (runtime.Initialize(new FakeInitializeContext(payload, 2, named, new FakeCache(), BackendOptions.Empty, 9)))
        {
            Assert.Equal(1, host.Cache.Created);
        }

        delegates.ForEach(d => d.Dispose());
        Assert.Equal(0, host.Cache.Count);
        Assert.Equal(0, programs.Count);
        Assert.Equal(0, named.OpenHandles);
    }

    [Fact]
    public void Weights_of_equal_bytes_and_another_bias_are_not_mixed_up()
    {
        var weights = TestData.Numbers(12);
        var results = new List<float[]>();
        var host = new FakeHost();
        using var plugin = new CpuPlugin();
        using var runtime = plugin.CreateRuntime("XnnpackBackend", host)!;
        foreach (var bias in (float[][])[[1, 2, 3], [4, 5, 6]])
        {
            var writer = new PayloadWriter { UsesNamedData = true };
            writer.FullyConnected(writer.Input(1, 4), writer.Constant(weights, 3, 4), writer.Constant(bias, 3), writer.Output(1, 3));
            results.Add(DelegateRunner.Run(writer, null, [1, 3], (new float[4], [1, 4])));
        }

        Assert.Equal([1, 2, 3], results[0]);
        Assert.Equal([4, 5, 6], results[1]);
    }

    [Fact]
    [ProducesError(ErrorCode.PayloadNotSupported)]
    public void Types_that_do_not_run_are_refused_by_name()
    {
        var writer = new PayloadWriter();
        var x = writer.Input(2, 4);
        var y = writer.Internal(PayloadDatatype.PFp32, 2, 4);
        writer.Unary(PayloadNodeKind.Convert, x, y);
        writer.Unary(PayloadNodeKind.Convert, y, writer.Output(2, 4));
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2));
        Assert.Equal(ErrorCode.PayloadNotSupported, error.Code);
        Assert.Contains("Convert", error.Message);
        Assert.Contains($"value {y}", error.Message);
        Assert.Contains("pfp32", error.Message);
        Assert.Contains("fp32, fp16 and bf16", error.Message);
    }

    [Fact]
    public void Attention_and_unknown_kinds_are_refused()
    {
        foreach (var kind in (byte[])[36, 48, 200])
        {
            var writer = new PayloadWriter();
            writer.Node((PayloadNodeKind)kind, new FlatWriter.Table { [0] = writer.Input(1), [5] = writer.Output(1) });
            var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2));
            Assert.Equal(ErrorCode.PayloadNotSupported, error.Code);
            Assert.Contains("xnodes[0]", error.Message);
        }
    }

    [Fact]
    [ProducesError(ErrorCode.PayloadInvalid)]
    public void Nodes_in_a_wrong_order_and_unwritten_outputs_are_refused()
    {
        var writer = new PayloadWriter();
        var (x, inner, y) = (writer.Input(4), writer.Internal(4), writer.Output(4));
        writer.Unary(PayloadNodeKind.Abs, inner, y);
        writer.Unary(PayloadNodeKind.Abs, x, inner);
        Assert.Equal(ErrorCode.PayloadInvalid, Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2)).Code);

        writer = new PayloadWriter();
        writer.Unary(PayloadNodeKind.Abs, writer.Input(4), writer.Internal(4));
        writer.Output(4);
        Assert.Equal(ErrorCode.PayloadInvalid, Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2)).Code);
    }

    [Fact]
    public void An_unknown_instruction_set_is_a_configuration_error()
    {
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(Graph(false), 2, "mmx"));
        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }

    private static PayloadWriter Graph(bool usesNamedData)
    {
        var writer = new PayloadWriter { UsesNamedData = usesNamedData };
        var hidden = writer.Internal(3, 5);
        writer.FullyConnected(writer.Input(3, 4), writer.Constant(TestData.Numbers(20), 5, 4), writer.Constant(TestData.Numbers(5, 2), 5), hidden);
        writer.Binary(PayloadNodeKind.Add, hidden, writer.Constant(TestData.Numbers(5, 3), 5), writer.Output(3, 5));
        return writer;
    }

    private static byte[] Run(byte[] payload, Dictionary<string, byte[]> data)
    {
        using var runner = new DelegateRunner(payload, data, 2);
        var output = runner.Tensor(ScalarType.Float, [3, 5]);
        runner.Execute(runner.Floats(TestData.Numbers(12, 7), 3, 4), output);
        return MemoryMarshal.AsBytes(output.AsReadOnlySpan<float>()).ToArray();
    }
}
