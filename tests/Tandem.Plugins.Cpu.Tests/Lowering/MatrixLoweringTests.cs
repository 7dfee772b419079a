using System.Security.Cryptography;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Lowering;

public class MatrixLoweringTests
{
    [Fact]
    public void A_linear_layer_and_its_relu_become_one_node()
    {
        var e = new EdgeMethod();
        var x = e.Input("x", 2, 3);
        var (w, b) = (e.Parameter("w", TestData.Numbers(12, 1), 4, 3), e.Parameter("b", TestData.Numbers(4, 2), 4));
        var y = e.Node("y", "aten::linear", [2, 4], ("input", x), ("weight", w), ("bias", b));
        var lowered = FakeLowering.Lower(e.Build(e.Node("z", "aten::relu", [2, 4], ("self", y))));

        Assert.Equal(["FullyConnected"], lowered.Kinds);
        var input = TestData.Numbers(6, 3);
        var expected = Product(input, TestData.Numbers(12, 1), TestData.Numbers(4, 2), 2, 3, 4).Select(value => Math.Max(0, value));
        AssertNear([.. expected], lowered.Run([[2, 4]], (input, [2, 3]))[0]);
    }

    [Fact]
    public void A_weight_stays_as_it_is_stored_whichever_way_round_a_product_reads_it()
    {
        var weight = TestData.Numbers(12, 1);
        var plain = new EdgeMethod();
        var first = FakeLowering.Lower(plain.Build(plain.Node(
            "y", "aten::linear", [2, 4], ("input", plain.Input("x", 2, 3)), ("weight", plain.Parameter("w", weight, 4, 3)))));
        var turned = new EdgeMethod();
        var t = turned.Node("t", "aten::permute_copy", [3, 4], ("self", turned.Parameter("w", weight, 4, 3)), ("dims", (int[])[1, 0]));
        var second = FakeLowering.Lower(turned.Build(turned.Node("y", "aten::mm", [2, 4], ("self", turned.Input("x", 2, 3)), ("mat2", t))));
        var inner = new EdgeMethod();
        var third = FakeLowering.Lower(inner.Build(inner.Node(
            "y", "aten::mm", [2, 4], ("self", inner.Input("x", 2, 3)), ("mat2", inner.Parameter("w", weight, 3, 4)))));

        var key = Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(weight.AsSpan())));
        Assert.All([first, second, third], lowering => Assert.Equal(key, Assert.Single(lowering.Store.Entries).Key));
        Assert.All([first, second, third], lowering => Assert.Equal(16, lowering.Store.Blobs[0].Alignment));
        Assert.Equal(0u, second.Graph.Nodes[0].Flags);
        Assert.Equal(1u, third.Graph.Nodes[0].Flags);
        var x = TestData.Numbers(6, 3);
        AssertNear(Product(x, weight, null, 2, 3, 4), second.Run([[2, 4]], (x, [2, 3]))[0]);
        AssertNear(Product(x, Transposed(weight, 3, 4), null, 2, 3, 4), third.Run([[2, 4]], (x, [2, 3]))[0]);
    }

    [Fact]
    public void Attention_is_one_partition_without_transposing_keys()
    {
        var e = new EdgeMethod();
        SymbolicInt s = SymbolicInt.Symbol("s0", 1, 6);
        var (q, k, v) = (e.Input("q", 1, 2, s, 4), e.Input("k", 1, 2, s, 4), e.Input("v", 1, 2, s, 4));
        var t = e.Node("t", "aten::transpose_copy.int", [1, 2, 4, s], ("self", k), ("dim0", 2), ("dim1", 3));
        var scores = e.Node("scores", "aten::matmul", [1, 2, s, s], ("self", q), ("other", t));
        var scaled = e.Node("scaled", "aten::div.Scalar", [1, 2, s, s], ("self", scores), ("other", 2.0));
        var weights = e.Node("weights", "aten::_softmax", [1, 2, s, s], ("self", scaled), ("dim", -1), ("half_to_float", false));
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::matmul", [1, 2, s, 4], ("self", weights), ("other", v))));

        Assert.Equal(["BatchMatrixMultiply", "Div", "Softmax", "BatchMatrixMultiply"], lowered.Kinds);
        Assert.Equal(1u, lowered.Graph.Nodes[0].Flags);
        AssertAttention(lowered, 5, hasMask: false);
    }

    [Fact]
    public void Fused_attention_gives_zeros_where_a_row_is_masked_wholly_and_follows_the_least_float_where_it_is_not()
    {
        var e = new EdgeMethod();
        var (q, k, v, m) = (e.Input("q", 1, 2, 3, 4), e.Input("k", 1, 2, 3, 4), e.Input("v", 1, 2, 3, 4), e.Input("m", 3, 3));
        var lowered = FakeLowering.Lower(e.Build(e.Node(
            "y", "aten::scaled_dot_product_attention", [1, 2, 3, 4], ("query", q), ("key", k), ("value", v), ("attn_mask", m))));

        AssertAttention(lowered, 3, hasMask: true);
    }

    [Fact]
    public void Products_of_computed_matrices_of_rank_2_go_through_batches_of_one()
    {
        var e = new EdgeMethod();
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::mm", [2, 4], ("self", e.Input("a", 2, 3)), ("mat2", e.Input("b", 3, 4)))));

        var (a, b) = (TestData.Numbers(6, 1), TestData.Numbers(12, 2));
        AssertNear(Product(a, Transposed(b, 3, 4), null, 2, 3, 4), lowered.Run([[2, 4]], (a, [2, 3]), (b, [3, 4]))[0]);
    }

    internal static void AssertNear(float[] expected, float[] actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])), $"[{i}]: {actual[i]}, not {expected[i]}");
        }
    }

    private static void AssertAttention(FakeLowering lowered, int s, bool hasMask)
    {
        var (q, k, v) = (TestData.Numbers(8 * s, 1), TestData.Numbers(8 * s, 2), TestData.Numbers(8 * s, 3));
        float[] mask = hasMask ? [0, float.NegativeInfinity, 0, float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity, float.MinValue, float.MinValue, float.MinValue] : new float[s * s];
        var expected = new float[8 * s];
        for (var head = 0; head < 2; head++)
        {
            for (var row = 0; row < s; row++)
            {
                var scores = Enumerable.Range(0, s).Select(column => (Enumerable.Range(0, 4).Sum(i => (double)q[(((head * s) + row) * 4) + i] * k[(((head * s) + column) * 4) + i]) / 2)
                    + mask[(row * s) + column]).Select(score => Math.Max((double)(float)score, score < float.MinValue ? double.NegativeInfinity : float.MinValue)).ToArray();
                var weights = scores.All(double.IsNegativeInfinity) ? new double[s] : scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
                for (var i = 0; i < 4; i++)
                {
                    expected[(((head * s) + row) * 4) + i] = weights.Sum() == 0 ? 0
                        : (float)(Enumerable.Range(0, s).Sum(column => weights[column] * v[(((head * s) + column) * 4) + i]) / weights.Sum());
                }
            }
        }

        int[] sizes = [1, 2, s, 4];
        AssertNear(expected, hasMask ? lowered.Run([sizes], (q, sizes), (k, sizes), (v, sizes), (mask, [s, s]))[0] : lowered.Run([sizes], (q, sizes), (k, sizes), (v, sizes))[0]);
    }

    private static float[] Product(float[] input, float[] weight, float[]? bias, int rows, int k, int n)
    {
        var result = new float[rows * n];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = (float)Enumerable.Range(0, k).Sum(j => (double)input[(i / n * k) + j] * weight[(i % n * k) + j]) + (bias?[i % n] ?? 0);
        }

        return result;
    }

    private static float[] Transposed(float[] matrix, int rows, int columns) =>
        [.. Enumerable.Range(0, matrix.Length).Select(i => matrix[(i % rows * columns) + (i / rows)])];
}
