using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>FullyConnected, BatchMatrixMultiply and Softmax as nodes; the kernels below have tests of their own.</summary>
public class MatrixNodeTests
{
    public static TheoryData<string> Names() => [.. TestData.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void FullyConnected_with_every_layout_and_bias(string isa)
    {
        foreach (var isTransposed in (bool[])[false, true])
        {
            foreach (var isConstant in (bool[])[false, true])
            {
                foreach (var hasBias in (bool[])[false, true])
                {
                    var (m, n, k) = (6, 19, 21);
                    var input = TestData.Numbers(m * k, 1);
                    var weights = TestData.Numbers(n * k, 2);
                    var bias = TestData.Numbers(n, 3);
                    uint[] shape = isTransposed ? [(uint)k, (uint)n] : [(uint)n, (uint)k];
                    var writer = new PayloadWriter();
                    var x = writer.Input(2, 3, (uint)k);
                    var filter = isConstant ? writer.Constant(weights, shape) : writer.Input(shape);
                    var offset = hasBias ? writer.Constant(bias, (uint)n) : PayloadWriter.None;
                    writer.FullyConnected(x, filter, offset, writer.Output(2, 3, (uint)n), isTransposed ? 1u : 0, (-1, 2));
                    var output = isConstant
                        ? DelegateRunner.Run(writer, isa, [2, 3, n], (input, [2, 3, k]))
                        : DelegateRunner.Run(writer, isa, [2, 3, n], (input, [2, 3, k]), (weights, Array.ConvertAll(shape, s => (int)s)));
                    for (var i = 0; i < m * n; i++)
                    {
                        double sum = hasBias ? bias[i % n] : 0;
                        for (var j = 0; j < k; j++)
                        {
                            sum += (double)input[(i / n * k) + j] * weights[isTransposed ? (j * n) + (i % n) : (i % n * k) + j];
                        }

                        Assert.Equal(Math.Clamp(sum, -1, 2), output[i], 1e-5);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Batches_broadcast(string isa)
    {
        (int[] A, int[] B, int[] C)[] shapes =
        [
            ([3, 4, 5], [3, 5, 6], [3, 4, 6]), ([3, 4, 5], [1, 5, 6], [3, 4, 6]), ([2, 1, 4, 5], [3, 5, 6], [2, 3, 4, 6]), ([1, 1, 7], [2, 7, 33], [2, 1, 33]),
            ([2, 3, 1, 2, 9], [3, 4, 9, 17], [2, 3, 4, 2, 17]),
        ];
        foreach (var isTransposed in (bool[])[false, true])
        {
            foreach (var (a, b, c) in shapes)
            {
                var first = TestData.Numbers(Count(a), 1);
                var second = TestData.Numbers(Count(b), 2);
                int[] stored = isTransposed ? [.. b[..^2], b[^1], b[^2]] : b;
                var writer = new PayloadWriter();
                writer.Binary(PayloadNodeKind.BatchMatrixMultiply, writer.Input(Dims(a)), writer.Input(Dims(stored)), writer.Output(Dims(c)), isTransposed ? 1u : 0);
                var output = DelegateRunner.Run(writer, isa, c, (first, a), (second, stored));
                var (m, n, k) = (c[^2], c[^1], a[^1]);
                for (var i = 0; i < output.Length; i++)
                {
                    var batch = i / (m * n);
                    var (aBatch, bBatch, aStride, bStride, rest) = (0, 0, 1, 1, batch);
                    for (var d = 3; d <= c.Length; d++)
                    {
                        var position = rest % c[^d];
                        rest /= c[^d];
                        var (aSize, bSize) = (d <= a.Length ? a[^d] : 1, d <= b.Length ? b[^d] : 1);
                        aBatch += aSize == 1 ? 0 : position * aStride;
                        bBatch += bSize == 1 ? 0 : position * bStride;
                        aStride *= aSize;
                        bStride *= bSize;
                    }

                    double sum = 0;
                    var (row, column) = (i / n % m, i % n);
                    for (var j = 0; j < k; j++)
                    {
                        sum += (double)first[(((aBatch * m) + row) * k) + j]
                            * second[isTransposed ? (((bBatch * n) + column) * k) + j : (((bBatch * k) + j) * n) + column];
                    }

                    Assert.Equal(sum, output[i], 1e-4);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Softmax_over_the_last_dimension(string isa)
    {
        foreach (var columns in (int[])[1, 5, 16, 33, 256, 4000])
        {
            var rows = 7;
            var input = TestData.Numbers(rows * columns, 1, 50);
            input[^1] = float.NegativeInfinity;
            if (columns > 1)
            {
                input[columns] = float.PositiveInfinity;
                input[2 * columns] = float.NaN;
            }

            var writer = new PayloadWriter();
            writer.Unary(PayloadNodeKind.Softmax, writer.Input((uint)rows, (uint)columns), writer.Output((uint)rows, (uint)columns));
            var output = DelegateRunner.Run(writer, isa, [rows, columns], (input, [rows, columns]));
            for (var row = 0; row < rows; row++)
            {
                var x = input.AsSpan(row * columns, columns).ToArray();
                var max = x.Max();
                var isUndefined = x.Any(float.IsNaN) || float.IsInfinity(max);
                var sum = x.Sum(v => Math.Exp(v - (double)max));
                for (var i = 0; i < columns; i++)
                {
                    var actual = output[(row * columns) + i];
                    Assert.True(isUndefined ? float.IsNaN(actual) || float.IsInfinity(max) : Math.Abs(actual - (Math.Exp(x[i] - (double)max) / sum)) < 1e-6, $"{row} {i}");
                }
            }
        }
    }

    [Fact]
    public void An_input_that_does_not_fit_the_filter_is_refused_when_loading()
    {
        var writer = new PayloadWriter();
        writer.FullyConnected(writer.Input(2, 5), writer.Constant(TestData.Numbers(12), 3, 4), PayloadWriter.None, writer.Output(2, 3));
        var error = Assert.Throws<TandemException>(() => new DelegateRunner(writer, 2));
        Assert.Equal(ErrorCode.PayloadInvalid, error.Code);
        Assert.Contains("FullyConnected", error.Message);
    }

    private static int Count(int[] sizes) => sizes.Aggregate(1, (x, y) => x * y);

    private static uint[] Dims(int[] sizes) => Array.ConvertAll(sizes, s => (uint)s);
}
