using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>Products, scale, mask and softmax that become one node, against plain attention.</summary>
public class AttentionNodeTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Attention_equals_a_plain_one(string isa)
    {
        foreach (var (heads, m, n, k, d) in ((int, int, int, int, int)[])[(3, 70, 33, 5, 7), (2, 1, 256, 64, 64), (1, 2, 1, 1, 1), (4, 33, 100, 16, 24)])
        {
            foreach (var isTransposed in (bool[])[false, true])
            {
                foreach (var form in (MaskForm[])[MaskForm.None, MaskForm.Causal, MaskForm.OneRow, MaskForm.Random])
                {
                    Check(isa, heads, m, n, k, d, isTransposed, form, scale: 0.3f);
                    Check(isa, heads, m, n, k, d, isTransposed, form, scale: null);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_that_sees_nothing_is_NaN_and_no_other(string isa)
    {
        var (m, n, k) = (3, 20, 4);
        var mask = new float[m * n];
        mask.AsSpan(n, n).Fill(float.NegativeInfinity);
        var (writer, inputs) = Build(1, m, n, k, k, true, mask, [(uint)m, (uint)n], 1f);
        var output = DelegateRunner.Run(writer, isa, [1, m, k], inputs);
        for (var i = 0; i < m * k; i++)
        {
            Assert.Equal(i / k == 1, float.IsNaN(output[i]));
        }
    }

    [Fact]
    public void What_is_hidden_from_all_rows_is_not_read()
    {
        var (m, n, k) = (2, 40, 4);
        var mask = new float[n];
        mask.AsSpan(17).Fill(float.NegativeInfinity);
        var (writer, inputs) = Build(1, m, n, k, k, true, mask, [1, (uint)n], 0.5f);

        // What a key/value cache holds behind the last position is nobody's.
        inputs[1].Values.AsSpan(17 * k).Fill(float.NaN);
        inputs[2].Values.AsSpan(17 * k).Fill(float.NaN);
        Assert.All(DelegateRunner.Run(writer, null, [1, m, k], inputs), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Scores_that_another_node_reads_are_kept()
    {
        var (m, n, k) = (3, 9, 4);
        var writer = new PayloadWriter();
        var (q, key, v) = (writer.Input(1, 3, 4), writer.Input(1, 9, 4), writer.Input(1, 9, 4));
        var (scores, weights, product) = (writer.Internal(1, 3, 9), writer.Internal(1, 3, 9), writer.Internal(1, 3, 4));
        writer.Binary(PayloadNodeKind.BatchMatrixMultiply, q, key, scores, flags: 1);
        writer.Unary(PayloadNodeKind.Softmax, scores, weights);
        writer.Binary(PayloadNodeKind.BatchMatrixMultiply, weights, v, product);
        var sum = writer.Internal(1, 3, 9);
        writer.Binary(PayloadNodeKind.Add, scores, weights, sum);
        writer.Binary(PayloadNodeKind.BatchMatrixMultiply, sum, v, writer.Output(1, 3, 4));
        (float[], int[])[] inputs = [(TestData.Numbers(m * k, 1), [1, m, k]), (TestData.Numbers(n * k, 2), [1, n, k]), (TestData.Numbers(n * k, 3), [1, n, k])];
        var output = DelegateRunner.Run(writer, null, [1, m, k], inputs);
        var expected = new double[m * k];
        var (query, keys, values) = (inputs[0].Item1, inputs[1].Item1, inputs[2].Item1);
        for (var i = 0; i < m; i++)
        {
            var row = Enumerable.Range(0, n).Select(j => Enumerable.Range(0, k).Sum(x => (double)query[(i * k) + x] * keys[(j * k) + x])).ToArray();
            var total = row.Sum(x => Math.Exp(x - row.Max()));
            for (var x = 0; x < k; x++)
            {
                expected[(i * k) + x] = Enumerable.Range(0, n).Sum(j => (row[j] + (Math.Exp(row[j] - row.Max()) / total)) * values[(j * k) + x]);
                Assert.Equal(expected[(i * k) + x], output[(i * k) + x], 1e-4);
            }
        }
    }

    private static void Check(string isa, int heads, int m, int n, int k, int d, bool isTransposed, MaskForm form, float? scale)
    {
        float[]? mask = null;
        uint[] maskSizes = [(uint)m, (uint)n];
        if (form == MaskForm.Causal)
        {
            mask = [.. Enumerable.Range(0, m * n).Select(i => i % n <= i / n ? 0 : float.NegativeInfinity)];
        }
        else if (form == MaskForm.OneRow)
        {
            maskSizes = [1, 1, (uint)n];
            mask = [.. Enumerable.Range(0, n).Select(i => i <= n / 2 ? 0 : float.NegativeInfinity)];
        }
        else if (form == MaskForm.Random)
        {
            mask = [.. TestData.Numbers(m * n, 9).Select((x, i) => x > 1 && i % n != 0 ? float.NegativeInfinity : x)];
        }

        var (writer, inputs) = Build(heads, m, n, k, d, isTransposed, mask, maskSizes, scale);
        var output = DelegateRunner.Run(writer, isa, [heads, m, d], inputs);
        var (q, key, v) = (inputs[0].Values, inputs[1].Values, inputs[2].Values);
        var row = new double[n];
        for (var h = 0; h < heads; h++)
        {
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    double sum = 0;
                    for (var x = 0; x < k; x++)
                    {
                        sum += (double)q[(((h * m) + i) * k) + x] * key[(h * n * k) + (isTransposed ? (j * k) + x : (x * n) + j)];
                    }

                    row[j] = (sum * (scale ?? 1)) + (mask is null ? 0 : mask[form == MaskForm.OneRow ? j : (i * n) + j]);
                }

                var max = row.Max();
                var total = row.Sum(x => Math.Exp(x - max));
                for (var x = 0; x < d; x++)
                {
                    double expected = 0;
                    for (var j = 0; j < n; j++)
                    {
                        expected += Math.Exp(row[j] - max) / total * v[(((h * n) + j) * d) + x];
                    }

                    Assert.Equal(expected, output[(((h * m) + i) * d) + x], 1e-5);
                }
            }
        }
    }

    private static (PayloadWriter Writer, (float[] Values, int[] Sizes)[] Inputs) Build(
        int heads, int m, int n, int k, int d, bool isTransposed, float[]? mask, uint[] maskSizes, float? scale)
    {
        var (h, rows, columns) = ((uint)heads, (uint)m, (uint)n);
        int[] keySizes = isTransposed ? [heads, n, k] : [heads, k, n];
        var writer = new PayloadWriter();
        var query = writer.Input(h, rows, (uint)k);
        var key = writer.Input([.. keySizes.Select(x => (uint)x)]);
        var value = writer.Input(h, columns, (uint)d);
        var inputs = new List<(float[], int[])>
        {
            (TestData.Numbers(heads * m * k, 1), [heads, m, k]), (TestData.Numbers(heads * n * k, 2), keySizes), (TestData.Numbers(heads * n * d, 3), [heads, n, d]),
        };
        var scores = writer.Internal(h, rows, columns);
        writer.Binary(PayloadNodeKind.BatchMatrixMultiply, query, key, scores, flags: isTransposed ? 1u : 0);
        if (scale is { } factor)
        {
            var scaled = writer.Internal(h, rows, columns);
            writer.Binary(PayloadNodeKind.Multiply, scores, writer.Constant([factor], 1), scaled);
            scores = scaled;
        }

        if (mask is not null)
        {
            var masked = writer.Internal(h, rows, columns);
            writer.Binary(PayloadNodeKind.Add, scores, writer.Input(maskSizes), masked);
            inputs.Add((mask, [.. maskSizes.Select(x => (int)x)]));
            scores = masked;
        }

        var weights = writer.Internal(h, rows, columns);
        writer.Unary(PayloadNodeKind.Softmax, scores, weights);
        writer.Binary(PayloadNodeKind.BatchMatrixMultiply, weights, value, writer.Output(h, rows, (uint)d));
        return (writer, [.. inputs]);
    }

    private enum MaskForm
    {
        None,
        Causal,
        OneRow,
        Random,
    }
}
