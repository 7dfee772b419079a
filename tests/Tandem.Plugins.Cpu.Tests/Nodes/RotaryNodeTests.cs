using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Plugins.Cpu.Tests.Kernels;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Rotary positions that become one node, against the same nodes kept apart because a product is an output too.</summary>
public class RotaryNodeTests
{
    public enum Change
    {
        None,
        SumSwapped,
        FactorsFirst,
        ProductRead,
        HalfRead,
        ResultRead,
        SumForDifference,
        HalvesSwapped,
        Bounded,
        OtherAxis,
        LastMoves,
        UnevenHalves,
    }

    [Theory]
    [MemberData(nameof(Rungs.Float), MemberType = typeof(Rungs))]
    public void One_node_computes_the_bits_of_its_nodes_one_by_one(string rung)
    {
        var isa = Rungs.Use(rung).ToString().ToLowerInvariant();
        foreach (var half in (int[])[1, 3, 7, 9, 17, 33])
        {
            foreach (var (sizes, factor) in ((int[], int[])[])
                [([2, 5, 3], [1, 5, 1]), ([2, 5, 3], [5, 1]), ([2, 5, 3], []), ([2, 5, 3], [2, 5, 3]), ([1, 1, 1], [1, 1, 1]), ([2, 0, 3], [1]), ([4, 200, 3], [200, 1])])
            {
                foreach (var permutation in (uint[]?[])[null, [0, 2, 1, 3], [2, 0, 1, 3], [0, 1, 2, 3]])
                {
                    var fused = Run(isa, half, sizes, factor, permutation, Change.None, out var steps);
                    var single = Run(isa, half, sizes, factor, permutation, Change.ProductRead, out var singleSteps);
                    Assert.Equal(1, steps);
                    Assert.True(singleSteps > 1);
                    Assert.Equal(single.Select(Bits), fused.Select(Bits));
                }
            }
        }
    }

    [Theory]
    [InlineData(Change.SumSwapped, 1)]
    [InlineData(Change.FactorsFirst, 1)]
    [InlineData(Change.HalfRead, 2)]
    public void Other_forms_of_the_same_are_one_node_too(Change change, int expectedSteps)
    {
        var expected = Run(null, 6, [2, 5, 3], [5, 1], [0, 2, 1, 3], Change.ProductRead, out _);
        Assert.Equal(expected, Run(null, 6, [2, 5, 3], [5, 1], [0, 2, 1, 3], change, out var steps));
        Assert.InRange(steps, 1, expectedSteps);
    }

    [Theory]
    [InlineData(Change.ProductRead)]
    [InlineData(Change.SumForDifference)]
    [InlineData(Change.HalvesSwapped)]
    [InlineData(Change.Bounded)]
    [InlineData(Change.OtherAxis)]
    [InlineData(Change.ResultRead)]
    [InlineData(Change.LastMoves)]
    [InlineData(Change.UnevenHalves)]
    public void Graphs_that_are_nearly_alike_give_what_their_nodes_say(Change change)
    {
        const int Half = 6;
        uint[] permutation = change == Change.LastMoves ? [0, 3, 2, 1] : [0, 2, 1, 3];
        var output = Run(null, Half, [2, 5, 3], [5, 1], permutation, change, out var steps);
        Assert.True(steps > 1);
        var (x, factors) = (Input(Half, 30), Enumerable.Range(0, 4).Select(i => TestData.Numbers(5 * Half, i + 5)).ToArray());
        var expected = new float[output.Length];
        for (var row = 0; row < 30; row++)
        {
            var (outer, middle, inner) = (row / 15, row / 3 % 5, row % 3);
            for (var i = 0; i < Half; i++)
            {
                var (a, b, f) = (x[(row * 2 * Half) + i], x[(row * 2 * Half) + Half + i], (middle * Half) + i);
                (a, b) = change == Change.HalvesSwapped ? (b, a) : (a, b);
                b = change == Change.UnevenHalves ? x[(row * 2 * Half) + Half - 1 + i] : b;
                var (low, high) = ((a * factors[0][f]) - (b * factors[1][f]), (b * factors[2][f]) + (a * factors[3][f]));
                low = change == Change.SumForDifference ? (a * factors[0][f]) + (b * factors[1][f]) : low;
                low = change == Change.Bounded ? Math.Clamp(low, -0.5f, 0.5f) : low;
                foreach (var (value, column) in ((float, int)[])[(low, i), (high, Half + i)])
                {
                    var at = change switch
                    {
                        Change.OtherAxis => (((((outer * 3) + inner) * 10) + middle + (column < Half ? 0 : 5)) * Half) + i,
                        Change.LastMoves => (((((outer * 2 * Half) + column) * 3) + inner) * 5) + middle,
                        _ => (((((outer * 3) + inner) * 5) + middle) * 2 * Half) + column,
                    };
                    expected[at] = value;
                }
            }
        }

        Assert.Equal(expected.Select(Bits), output.Select(Bits));
    }

    // All NaNs are alike: which operand's bits a NaN takes is not said.
    private static int Bits(float value) => float.IsNaN(value) ? -1 : BitConverter.SingleToInt32Bits(value);

    private static float[] Input(int half, int rows)
    {
        var x = TestData.Numbers(rows * 2 * half, 3);
        if (x.Length > 100)
        {
            (x[0], x[17], x[45], x[62], x[^1]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, float.NaN);
        }

        return x;
    }

    private static float[] Run(string? isa, int half, int[] sizes, int[] factorSizes, uint[]? permutation, Change change, out int steps)
    {
        var writer = new PayloadWriter();
        uint[] whole = [.. sizes.Select(s => (uint)s), 2 * (uint)half];
        uint[] part = [.. whole[..3], (uint)half];
        uint[] factor = [.. factorSizes.Select(s => (uint)s), (uint)half];
        var x = writer.Input(whole);
        var factors = Enumerable.Range(0, 4).Select(_ => writer.Input(factor)).ToArray();
        var (a, b) = (change == Change.HalfRead ? writer.Output(part) : writer.Internal(part), writer.Internal(part));
        var second = (uint)half - (change == Change.UnevenHalves ? 1u : 0);
        writer.Slice(x, a, [0, 0, 0, change == Change.HalvesSwapped ? (uint)half : 0], part);
        writer.Slice(x, b, [0, 0, 0, change == Change.HalvesSwapped ? 0 : second], part);
        var products = Enumerable.Range(0, 4).Select(i => i == 1 && change == Change.ProductRead ? writer.Output(part) : writer.Internal(part)).ToArray();
        foreach (var (i, operand) in ((int, uint)[])[(0, a), (1, b), (2, b), (3, a)])
        {
            var (left, right) = change == Change.FactorsFirst ? (factors[i], operand) : (operand, factors[i]);
            writer.Binary(PayloadNodeKind.Multiply, left, right, products[i]);
        }

        var (low, high) = (writer.Internal(part), writer.Internal(part));
        writer.Binary(
            change == Change.SumForDifference ? PayloadNodeKind.Add : PayloadNodeKind.Subtract, products[0], products[1], low,
            bounds: change == Change.Bounded ? (-0.5f, 0.5f) : null);
        var (m, n) = change == Change.SumSwapped ? (3, 2) : (2, 3);
        writer.Binary(PayloadNodeKind.Add, products[m], products[n], high);
        var axis = change == Change.OtherAxis ? 1u : 3;
        uint[] joined = change == Change.OtherAxis ? [whole[0], 2 * whole[1], whole[2], (uint)half] : whole;
        var result = permutation is null || change == Change.ResultRead ? writer.Output(joined) : writer.Internal(joined);
        writer.Concatenate(axis, result, low, high);
        uint[] last = permutation is null ? joined : [.. permutation.Select(p => joined[p])];
        if (permutation is not null)
        {
            writer.Transpose(result, writer.Output(last), permutation);
        }

        List<uint[]> outputs = [];
        if (change is Change.ProductRead or Change.HalfRead)
        {
            outputs.Add(part);
        }

        if (change == Change.ResultRead && permutation is not null)
        {
            outputs.Add(joined);
        }

        outputs.Add(last);
        using var runner = new DelegateRunner(writer, 5 + outputs.Count, isa, threads: 3);
        var count = factor.Aggregate(1, (p, q) => p * (int)q);
        int[] factorShape = [.. factorSizes, half];
        TensorView[] arguments =
        [
            runner.Floats(Input(half, sizes.Aggregate(1, (p, q) => p * q)), [.. sizes, 2 * half]),
            .. Enumerable.Range(0, 4).Select(i => runner.Floats(TestData.Numbers(count, i + 5), factorShape)),
            .. outputs.Select(o => runner.Tensor(ScalarType.Float, [.. o.Select(s => (int)s)])),
        ];
        var events = new List<string>();
        runner.Execute(new FakeExecuteContext(runner.Host.Pool) { Events = events }, arguments);
        steps = events.Count;
        return arguments[^1].AsReadOnlySpan<float>().ToArray();
    }
}
