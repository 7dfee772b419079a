using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Element-wise nodes that become one, against the same nodes kept apart because each result is an output too.</summary>
public class ElementwiseTreeNodeTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_tree_computes_the_bits_of_its_nodes_one_by_one(string isa)
    {
        int[][][] shapes =
        [
            // The result, a factor, another, an addend.
            [[5, 7], [5, 7], [5, 1], [7]], [[1], [1], [1], []], [[3, 4099], [3, 1], [3, 4099], [4099]], [[2, 3, 40, 32], [1, 1, 40, 32], [2, 3, 40, 32], [2, 1, 40, 1]],
            [[6000], [6000], [1], [6000]], [[130, 768], [130, 768], [130, 1], [768]], [[2, 3, 2, 5, 2, 17], [2, 1, 2, 1, 2, 17], [3, 1, 5, 1, 17], [2, 3, 2, 5, 2, 1]],
            [[0, 8], [0, 8], [1, 8], [8]],
        ];
        foreach (var shape in shapes)
        {
            var inputs = shape.Select((sizes, i) => (TestData.Numbers(sizes.Aggregate(1, (a, b) => a * b), i + 1), sizes)).ToArray();
            if (inputs[0].Item1.Length > 3)
            {
                (inputs[0].Item1[0], inputs[0].Item1[1], inputs[0].Item1[2]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
            }

            var fused = Tree(isa, inputs, isFused: true, out var steps);
            var single = Tree(isa, inputs, isFused: false, out var singleSteps);
            Assert.Equal(1, steps);
            Assert.Equal(5, singleSteps);
            Assert.Equal(single.Select(BitConverter.SingleToInt32Bits), fused.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public void A_result_that_two_nodes_read_is_kept()
    {
        var writer = new PayloadWriter();
        var (x, square) = (writer.Input(9), writer.Internal(9));
        writer.Unary(PayloadNodeKind.Square, x, square);
        writer.Binary(PayloadNodeKind.Multiply, square, square, writer.Output(9));
        var values = TestData.Numbers(9, 1);
        Assert.Equal(values.Select(v => v * v * (v * v)), DelegateRunner.Run(writer, null, [9], (values, [9])));
    }

    [Fact]
    public void Operands_smaller_than_the_file_says_broadcast_node_by_node()
    {
        // In the file all rows are there; in the call the first two operands have one, which meets the third's eight.
        var writer = new PayloadWriter();
        var (a, b, c, product) = (writer.Input(8, 5), writer.Input(8, 5), writer.Input(8, 5), writer.Internal(8, 5));
        writer.Binary(PayloadNodeKind.Multiply, a, b, product);
        writer.Binary(PayloadNodeKind.Add, product, c, writer.Output(8, 5));
        using var runner = new DelegateRunner(writer, 4);
        var (first, second, third) = (TestData.Numbers(5, 1), TestData.Numbers(5, 2), TestData.Numbers(40, 3));
        for (var round = 0; round < 2; round++)
        {
            var rows = round == 0 ? 1 : 8;
            var (x, y) = (Repeat(first, rows), Repeat(second, rows));
            TensorView[] arguments =
                [Resized(runner, x, rows), Resized(runner, y, rows), runner.Floats(third, 8, 5), runner.Tensor(ScalarType.Float, [8, 5], isDynamic: true)];
            runner.Execute(arguments);
            Assert.Equal(third.Select((v, i) => (first[i % 5] * second[i % 5]) + v), arguments[3].AsReadOnlySpan<float>().ToArray());
        }
    }

    private static float[] Repeat(float[] row, int rows) => [.. Enumerable.Repeat(row, rows).SelectMany(r => r)];

    private static TensorView Resized(DelegateRunner runner, float[] values, int rows)
    {
        var view = runner.Tensor(ScalarType.Float, [8, 5], isDynamic: true);
        view.Resize([rows, 5]);
        values.CopyTo(view.AsSpan<float>());
        return view;
    }

    // sigmoid(x) * factor - abs(other) * x + addend, bounded.
    private static float[] Tree(string isa, (float[] Values, int[] Sizes)[] inputs, bool isFused, out int steps)
    {
        var writer = new PayloadWriter();
        var sizes = Array.ConvertAll(inputs[0].Sizes, size => (uint)size);
        var x = writer.Input(sizes);
        var operands = inputs.Skip(1).Select(input => writer.Input(Array.ConvertAll(input.Sizes, size => (uint)size))).ToArray();
        var parts = Enumerable.Range(0, 4).Select(_ => isFused ? writer.Internal(sizes) : writer.Output(sizes)).ToArray();
        writer.Unary(PayloadNodeKind.Sigmoid, x, parts[0]);
        writer.Binary(PayloadNodeKind.Multiply, parts[0], operands[0], parts[1]);
        writer.Binary(PayloadNodeKind.Multiply, operands[1], x, parts[2]);
        writer.Binary(PayloadNodeKind.Subtract, parts[1], parts[2], parts[3]);
        writer.Binary(PayloadNodeKind.Add, parts[3], operands[2], writer.Output(sizes), bounds: (-2, 3));
        using var runner = new DelegateRunner(writer, inputs.Length + (isFused ? 1 : 5), isa, threads: 3);
        var arguments = inputs.Select(input => runner.Floats(input.Values, input.Sizes))
            .Concat(Enumerable.Range(0, isFused ? 1 : 5).Select(_ => runner.Tensor(ScalarType.Float, inputs[0].Sizes))).ToArray();
        var events = new List<string>();
        runner.Execute(new FakeExecuteContext(runner.Host.Pool) { Events = events }, arguments);
        steps = events.Count;
        return arguments[^1].AsReadOnlySpan<float>().ToArray();
    }
}
