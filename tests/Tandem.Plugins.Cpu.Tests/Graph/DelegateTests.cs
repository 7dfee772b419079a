using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Graph;

public class DelegateTests
{
    [Fact]
    public void Shapes_may_change_from_call_to_call()
    {
        var writer = new PayloadWriter();
        var x = writer.Input(16, 4);
        var (hidden, moved) = (writer.Internal(16, 3), writer.Internal(3, 16));
        var weights = TestData.Numbers(12);
        writer.FullyConnected(x, writer.Constant(weights, 3, 4), PayloadWriter.None, hidden);
        writer.Transpose(hidden, moved, 1, 0);
        writer.Reshape(moved, writer.Output(1, 3, 16), 1, 3, 0);
        using var runner = new DelegateRunner(writer, 2);
        var input = runner.Tensor(ScalarType.Float, [16, 4], isDynamic: true);
        var output = runner.Tensor(ScalarType.Float, [1, 3, 16], isDynamic: true);
        foreach (var rows in (int[])[16, 1, 5, 5, 0, 7, 16])
        {
            input.Resize([rows, 4]);
            var values = TestData.Numbers(rows * 4, rows);
            values.CopyTo(input.AsSpan<float>());
            runner.Execute(input, output);
            Assert.Equal([1, 3, rows], output.Sizes.ToArray());
            for (var i = 0; i < rows * 3; i++)
            {
                var (o, row) = (i / rows, i % rows);
                Assert.Equal(Enumerable.Range(0, 4).Sum(k => values[(row * 4) + k] * weights[(o * 4) + k]), output.AsReadOnlySpan<float>()[i], 1e-5f);
            }
        }
    }

    [Fact]
    public void Over_the_bound_is_an_error_and_the_delegate_stays_usable()
    {
        var writer = new PayloadWriter();
        writer.Unary(PayloadNodeKind.Negate, writer.Input(4), writer.Output(4));
        using var runner = new DelegateRunner(writer, 2);
        var output = runner.Tensor(ScalarType.Float, [4]);
        var error = Assert.Throws<TandemException>(() => runner.Execute(runner.Floats(new float[8], 8), output));
        Assert.Equal(ErrorCode.ShapeExceedsBound, error.Code);
        runner.Execute(runner.Floats([1, 2, 3, 4], 4), output);
        Assert.Equal([-1, -2, -3, -4], output.AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void A_channels_last_tensor_is_seen_as_it_lies_in_memory()
    {
        var writer = new PayloadWriter();
        writer.Unary(PayloadNodeKind.Negate, writer.Input(2, 5, 4, 3), writer.Output(2, 5, 4, 3));
        using var runner = new DelegateRunner(writer, 2);
        var input = runner.Tensor(ScalarType.Float, [2, 3, 5, 4], [0, 2, 3, 1]);
        var output = runner.Tensor(ScalarType.Float, [2, 3, 5, 4], [0, 2, 3, 1]);
        var values = TestData.Numbers(120);
        values.CopyTo(input.AsSpan<float>());
        runner.Execute(input, output);
        Assert.Equal([2, 3, 5, 4], output.Sizes.ToArray());
        Assert.Equal(Array.ConvertAll(values, v => -v), output.AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void Executing_allocates_nothing_even_when_shapes_change()
    {
        var writer = new PayloadWriter();
        var x = writer.Input(32, 24);
        var (a, b, c, d) = (writer.Internal(32, 40), writer.Internal(32, 40), writer.Internal(32, 40), writer.Internal(40, 32));
        writer.FullyConnected(x, writer.Constant(TestData.Numbers(960), 40, 24), PayloadWriter.None, a);
        writer.Unary(PayloadNodeKind.Sigmoid, a, b);
        writer.Binary(PayloadNodeKind.Multiply, a, b, c);
        writer.Transpose(c, d, 1, 0);
        writer.Unary(PayloadNodeKind.Softmax, d, writer.Output(40, 32));
        using var runner = new DelegateRunner(writer, 2);
        var input = runner.Tensor(ScalarType.Float, [32, 24], isDynamic: true);
        var output = runner.Tensor(ScalarType.Float, [40, 32], isDynamic: true);
        input.AsSpan<float>().Clear();
        var context = new FakeExecuteContext(runner.Host.Pool);
        EValue[] values = [EValue.FromTensor(input), EValue.FromTensor(output)];
        int[] indices = [0, 1];
        int[][] shapes = [[32, 24], [7, 24], [1, 24]];
        foreach (var shape in shapes)
        {
            input.Resize(shape);
            runner.Delegate.Execute(context, new Arguments(values, indices));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 30; i++)
        {
            input.Resize(shapes[i % 3]);
            runner.Delegate.Execute(context, new Arguments(values, indices));
            runner.Delegate.Execute(context, new Arguments(values, indices));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Steps_are_reported_and_cancellation_stops_between_them()
    {
        var writer = new PayloadWriter();
        var inner = writer.Internal(4, 1);
        writer.Unary(PayloadNodeKind.Exp, writer.Input(4, 1), inner);
        writer.Unary(PayloadNodeKind.Softmax, inner, writer.Output(4, 1));
        using var runner = new DelegateRunner(writer, 2);
        var (input, output) = (runner.Floats(new float[4], 4, 1), runner.Tensor(ScalarType.Float, [4, 1]));
        var context = new FakeExecuteContext(runner.Host.Pool) { Events = [] };
        runner.Execute(context, input, output);
        Assert.Equal(["Exp", "Softmax"], context.Events);
        Assert.Throws<OperationCanceledException>(() =>
            runner.Execute(new FakeExecuteContext(runner.Host.Pool) { Token = new CancellationToken(true) }, input, output));
    }

    [Fact]
    public void Delegates_of_one_session_share_their_activations()
    {
        var host = new FakeHost();
        using var plugin = new CpuPlugin();
        using var runtime = plugin.CreateRuntime("XnnpackBackend", host)!;
        using var named = new FakeNamedData([]);
        var delegates = new List<(IBackendDelegate Delegate, TensorView Input, TensorView Output)>();
        using var memory = new DelegateRunner(Chain(4), 2);
        for (var i = 0; i < 6; i++)
        {
            var size = 8 << i;
            var context = new FakeInitializeContext(Chain((uint)size).Write(), 2, named, new FakeCache(), BackendOptions.Empty, 5);
            delegates.Add((runtime.Initialize(context), memory.Tensor(ScalarType.Float, [size, 2]), memory.Tensor(ScalarType.Float, [2, size])));
        }

        // Growing, shrinking and growing activations: each call finds its addresses moved by the others.
        foreach (var i in (int[])[0, 5, 0, 3, 5, 1, 4, 0, 2])
        {
            var (created, input, output) = delegates[i];
            var values = TestData.Numbers((int)input.ElementCount, i);
            values.CopyTo(input.AsSpan<float>());
            created.Execute(new FakeExecuteContext(host.Pool), new Arguments([EValue.FromTensor(input), EValue.FromTensor(output)], [0, 1]));
            for (var j = 0; j < values.Length; j++)
            {
                Assert.Equal(Math.Abs(values[j]) * 2, output.AsReadOnlySpan<float>()[(j % 2 * (values.Length / 2)) + (j / 2)]);
            }
        }

        // One workspace for all: the largest needs room for two or three of its tensors, and for what its memory is planned with.
        Assert.InRange(runtime.GetSessionBytes(5), 2 * 256 * 2 * sizeof(float), 6 * 256 * 2 * sizeof(float));
        Assert.Equal(0, runtime.GetSessionBytes(6));
        delegates.ForEach(d => d.Delegate.Dispose());
        Assert.Equal(0, runtime.GetSessionBytes(5));

        static PayloadWriter Chain(uint size)
        {
            var writer = new PayloadWriter();
            var (a, b, c) = (writer.Internal(size, 2), writer.Internal(2, size), writer.Internal(2, size));
            writer.Unary(PayloadNodeKind.Abs, writer.Input(size, 2), a);
            writer.Transpose(a, b, 1, 0);
            writer.Unary(PayloadNodeKind.Abs, b, c);
            writer.Binary(PayloadNodeKind.Add, b, c, writer.Output(2, size));
            return writer;
        }
    }
}
