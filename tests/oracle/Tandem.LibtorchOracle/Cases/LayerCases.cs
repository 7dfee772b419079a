using Tandem.Host.Building;
using static Tandem.LibtorchOracle.Cases.CaseFactory;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Products, convolutions, norms, softmax, embedding and attention.</summary>
internal static class LayerCases
{
    // Sums of products in another order.
    private const double Sums = 2e-4;

    public static IEnumerable<OracleCase> All(ValueSource values) => [.. Products(values), .. Convolutions(values), .. Norms(values), .. Attention(values)];

    private static IEnumerable<OracleCase> Products(ValueSource values)
    {
        var (m, k, n) = (values.Next(1, 20), values.Next(1, 70), values.Next(1, 40));
        foreach (var shape in (int[][])[[k], [1, k], [m, k], [2, 3, k], [0, k]])
        {
            yield return Case("linear", [values.Normal(shape)], [values.Normal(n, k), values.Normal(n)], (x, w) => x[0].Linear(w[0], w[1]), (x, w) => F.linear(x[0], w[0], w[1]), Sums);
            yield return Case("linear without bias", [values.Normal(shape)], [values.Normal(n, k)], (x, w) => x[0].Linear(w[0]), (x, w) => F.linear(x[0], w[0]), Sums);
        }

        foreach (var (left, right) in ((int[], int[])[])[([k], [k]), ([m, k], [k]), ([k], [k, n]), ([m, k], [k, n]), ([2, 1, m, k], [3, k, n]), ([2, m, k], [k, n]), ([0, k], [k, n]), ([m, 0], [0, n])])
        {
            yield return Case("matmul", [values.Normal(left), values.Normal(right)], x => x[0].MatMul(x[1]), x => x[0].matmul(x[1]), Sums);
        }

        yield return Case("matmul parameter", [values.Normal(m, k)], [values.Normal(k, n)], (x, w) => x[0].MatMul(w[0]), (x, w) => x[0].matmul(w[0]), Sums);
        yield return Case("matmul NaN", [values.Extreme(3, 4), values.Few(4, 5)], x => x[0].Clamp(-9, 9).MatMul(x[1]), x => x[0].clamp(-9, 9).matmul(x[1]), Sums);
        yield return Case("bmm", [values.Normal(3, m, k), values.Normal(3, k, n)], x => x[0].Bmm(x[1]), x => x[0].bmm(x[1]), Sums);
        yield return Case("bmm empty", [values.Normal(0, m, k), values.Normal(0, k, n)], x => x[0].Bmm(x[1]), x => x[0].bmm(x[1]), Sums);
        yield return Case("einsum", [values.Normal(2, m, k), values.Normal(n, k)], x => x[0].Graph.Einsum("bij,kj->bik", [x[0], x[1]]), x => einsum("bij,kj->bik", x[0], x[1]), Sums);
        yield return Case("embedding", [values.Longs(0, 7, 2, 5)], [values.Normal(7, 3)], (x, w) => x[0].Embedding(w[0]), (x, w) => w[0].index_select(0, x[0].flatten()).reshape(2, 5, 3));
    }

    private static IEnumerable<OracleCase> Convolutions(ValueSource values)
    {
        foreach (var (stride, padding, dilation, groups, length) in ((int, int, int, int, int)[])[(1, 0, 1, 1, 9), (2, 1, 1, 1, 10), (1, 2, 2, 2, 8), (1, 1, 1, 4, 3), (3, 2, 1, 1, values.Next(4, 30))])
        {
            yield return Case($"conv1d stride {stride} padding {padding} dilation {dilation} groups {groups}", [values.Normal(2, 4, length)], [values.Normal(8, 4 / groups, 3), values.Normal(8)],
                (x, w) => x[0].Conv1d(w[0], w[1], stride, padding, dilation, groups), (x, w) => F.conv1d(x[0], w[0], w[1], stride, padding, dilation, groups), Sums);
        }

        foreach (var (kh, kw, stride, padding, dilation, groups) in ((int, int, int, int, int, int)[])
            [(3, 3, 1, 1, 1, 1), (1, 1, 1, 0, 1, 1), (1, 1, 2, 0, 1, 1), (3, 2, 2, 1, 1, 1), (3, 3, 1, 2, 2, 1), (3, 3, 1, 1, 1, 4), (5, 5, 2, 2, 1, 4), (3, 3, 1, 1, 1, 2), (values.Next(1, 4), values.Next(1, 4), values.Next(1, 3), values.Next(0, 2), values.Next(1, 3), 1)])
        {
            var (batch, height, width) = (values.Next(1, 3), values.Next(7, 14), values.Next(7, 14));
            var output = groups == 4 ? 4 : 6;
            yield return Case($"conv2d stride {stride} padding {padding} dilation {dilation} groups {groups}", [values.Normal(batch, 4, height, width)],
                [values.Normal(output, 4 / groups, kh, kw), values.Normal(output)],
                (x, w) => x[0].Conv2d(w[0], w[1], stride, padding, dilation, groups),
                (x, w) => F.conv2d(x[0], w[0], w[1], [stride, stride], [padding, padding], [dilation, dilation], groups), Sums);
        }

        yield return Case("conv2d uneven", [values.Normal(1, 3, 9, 8)], [values.Normal(5, 3, 3, 2)],
            (x, w) => x[0].Conv2d(w[0], stride: (2, 1), padding: (0, 1), dilation: (1, 2)), (x, w) => F.conv2d(x[0], w[0], strides: [2, 1], padding: [0, 1], dilation: [1, 2]), Sums);
        yield return Case("conv2d without batch", [values.Normal(3, 6, 7)], [values.Normal(5, 3, 3, 3), values.Normal(5)],
            (x, w) => x[0].Conv2d(w[0], w[1]), (x, w) => F.conv2d(x[0], w[0], w[1]), Sums);
        yield return Case("conv2d one pixel", [values.Normal(1, 3, 1, 1)], [values.Normal(5, 3, 3, 3), values.Normal(5)],
            (x, w) => x[0].Conv2d(w[0], w[1], padding: 1), (x, w) => F.conv2d(x[0], w[0], w[1], padding: [1, 1]), Sums);
        yield return Case("conv2d empty batch", [values.Normal(0, 3, 4, 4)], [values.Normal(5, 3, 3, 3), values.Normal(5)],
            (x, w) => x[0].Conv2d(w[0], w[1], padding: 1), (x, w) => F.conv2d(x[0], w[0], w[1], padding: [1, 1]), Sums);

        foreach (var (stride, padding, outputPadding, groups, dilation) in ((int, int, int, int, int)[])[(1, 0, 0, 1, 1), (2, 1, 1, 1, 1), (2, 0, 0, 2, 1), (3, 1, 2, 1, 1), (1, 1, 0, 1, 2), (2, 1, 0, 4, 1)])
        {
            yield return Case($"conv_transpose2d stride {stride} padding {padding} output_padding {outputPadding} groups {groups} dilation {dilation}",
                [values.Normal(2, 4, values.Next(3, 7), values.Next(3, 7))], [values.Normal(4, 8 / groups, 3, 3), values.Normal(8)],
                (x, w) => x[0].ConvTranspose2d(w[0], w[1], stride, padding, outputPadding, groups, dilation),
                (x, w) => F.conv_transpose2d(x[0], w[0], w[1], [stride, stride], [padding, padding], [outputPadding, outputPadding], [dilation, dilation], groups), Sums);
        }
    }

    private static IEnumerable<OracleCase> Norms(ValueSource values)
    {
        foreach (var shape in (int[][])[[5], [2, 3, 5], [1, 5], [0, 5]])
        {
            yield return Case("layer_norm", [values.Normal(shape)], [values.Normal(5), values.Normal(5)], (x, w) => x[0].LayerNorm([5], w[0], w[1]), (x, w) => F.layer_norm(x[0], [5], w[0], w[1]), Sums);
            yield return Case("rms_norm", [values.Normal(shape)], [values.Normal(5)], (x, w) => x[0].RmsNorm([5], w[0], 1e-6), (x, w) => x[0] * (x[0].square().mean([-1], true) + 1e-6).rsqrt() * w[0], Sums);
        }

        yield return Case("layer_norm of two", [values.Normal(2, 3, 4)], x => x[0].LayerNorm([3, 4]), x => F.layer_norm(x[0], [3, 4]), Sums);
        yield return Case("layer_norm of one", [values.Normal(4, 1)], x => x[0].LayerNorm([1]), x => F.layer_norm(x[0], [1]), Sums);
        foreach (var shape in (int[][])[[2, 6, 5, 4], [1, 6, 1, 1], [3, 6, 7], [3, 6]])
        {
            yield return Case("batch_norm", [values.Normal(shape)], [values.Normal(6), values.Normal(6), values.Normal(6), values.Uniform(0.1f, 3, 6)],
                (x, w) => x[0].BatchNorm(w[0], w[1], w[2], w[3]), (x, w) => F.batch_norm(x[0], w[2], w[3], w[0], w[1]), Sums);
        }

        foreach (var groups in (int[])[1, 2, 6])
        {
            yield return Case($"group_norm {groups}", [values.Normal(2, 6, 3, 4)], [values.Normal(6), values.Normal(6)], (x, w) => x[0].GroupNorm(groups, w[0], w[1]),
                (x, w) => F.group_norm(x[0], groups, w[0], w[1]), Sums);
        }

        foreach (var (shape, dim) in ((int[], int)[])[([7], 0), ([2, 3, 5], -1), ([2, 3, 5], 1), ([2, 3, 5], -3), ([4, 1], -1), ([0, 4], 1), ([3, 0], 1), ([], 0), ([3, values.Next(2, 90)], 1)])
        {
            yield return Case($"softmax {dim}", [values.Normal(shape)], x => x[0].Softmax(dim), x => F.softmax(x[0], dim));
            yield return Case($"log_softmax {dim}", [values.Normal(shape)], x => x[0].LogSoftmax(dim), x => F.log_softmax(x[0], dim));
        }

        yield return Case("softmax extreme", [values.Extreme(40, 3)], x => x[0].Softmax(-1), x => F.softmax(x[0], -1));
        yield return Case("log_softmax extreme", [values.Extreme(40, 3)], x => x[0].LogSoftmax(-1), x => F.log_softmax(x[0], -1));
    }

    private static IEnumerable<OracleCase> Attention(ValueSource values)
    {
        var (queries, keys) = (values.Next(1, 9), values.Next(2, 20));
        OracleValue[] attention = [values.Normal(2, 3, queries, 8), values.Normal(2, 3, keys, 8), values.Normal(2, 3, keys, 8)];
        yield return Case("scaled_dot_product_attention", attention, x => x[0].ScaledDotProductAttention(x[1], x[2]), x => F.scaled_dot_product_attention(x[0], x[1], x[2]), Sums);
        yield return Case("scaled_dot_product_attention with scale", attention, x => x[0].ScaledDotProductAttention(x[1], x[2], scale: 0.5),
            x => F.scaled_dot_product_attention(x[0] * (0.5 * Math.Sqrt(8)), x[1], x[2]), Sums);
        yield return Case("scaled_dot_product_attention with mask", [.. attention, values.Normal(queries, keys)], x => x[0].ScaledDotProductAttention(x[1], x[2], x[3]),
            x => F.scaled_dot_product_attention(x[0], x[1], x[2], x[3]), Sums);
        yield return Case("scaled_dot_product_attention with truth mask", [.. attention, values.Bools(2, 1, queries, keys)], x => x[0].ScaledDotProductAttention(x[1], x[2], x[3]),
            x => F.scaled_dot_product_attention(x[0], x[1], x[2], x[3]), Sums);
        OracleValue[] causal = [values.Normal(1, 2, 6, 4), values.Normal(1, 2, 6, 4), values.Normal(1, 2, 6, 4)];
        yield return Case("scaled_dot_product_attention causal", causal, x => x[0].ScaledDotProductAttention(x[1], x[2], isCausal: true),
            x => F.scaled_dot_product_attention(x[0], x[1], x[2], is_casual: true), Sums);
        OracleValue[] grouped = [values.Normal(1, 4, 5, 8), values.Normal(1, 2, 5, 8), values.Normal(1, 2, 5, 8)];
        yield return Case("scaled_dot_product_attention grouped", grouped, x => x[0].ScaledDotProductAttention(x[1], x[2], enableGqa: true),
            x => F.scaled_dot_product_attention(x[0], x[1].repeat_interleave(2, 1), x[2].repeat_interleave(2, 1)), Sums);
    }
}
