using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.MatMul;

/// <summary>Distances between rows: _cdist_forward and _pdist_forward.</summary>
internal static unsafe class DistanceKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::_cdist_forward.out", Cdist)
        .Add("aten::_pdist_forward.out", Pdist);

    private static void Cdist(KernelContext context, Arguments arguments)
    {
        var (left, right, p, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Double(2), arguments.Tensor(arguments.Count - 1));
        Dims.Check(left.Rank >= 2 && right.Rank >= 2 && left.Sizes[^1] == right.Sizes[^1] && left.IsContiguous && right.IsContiguous && output.IsContiguous, "cdist's points do not fit");
        Span<int> batch = stackalloc int[Math.Max(left.Rank, right.Rank) - 2];
        Dims.Broadcast(left.Sizes[..^2], right.Sizes[..^2], batch);
        Span<int> sizes = stackalloc int[batch.Length + 2];
        batch.CopyTo(sizes);
        (sizes[^2], sizes[^1]) = (left.Sizes[^2], right.Sizes[^2]);
        output.Resize(sizes);
        var (rows, columns, width) = (left.Sizes[^2], right.Sizes[^2], left.Sizes[^1]);
        for (long b = 0; b < Dims.Product(batch); b++)
        {
            var (leftBatch, rightBatch) = (BatchOffset(left, batch, b), BatchOffset(right, batch, b));
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    var distance = Distance(left, leftBatch + ((long)i * width), right, rightBatch + ((long)j * width), width, p);
                    Elements.Store((byte*)output.Data + (((((b * rows) + i) * columns) + j) * output.ElementSize), output.ScalarType, distance);
                }
            }
        }
    }

    private static void Pdist(KernelContext context, Arguments arguments)
    {
        var (input, p, output) = (arguments.Tensor(0), arguments.Double(1), arguments.Tensor(arguments.Count - 1));
        Dims.Check(input.Rank == 2 && input.IsContiguous, "pdist needs rows");
        var (rows, width) = (input.Sizes[0], input.Sizes[1]);
        output.Resize([checked((int)((long)rows * (rows - 1) / 2))]);
        long place = 0;
        for (var i = 0; i < rows; i++)
        {
            for (var j = i + 1; j < rows; j++)
            {
                Elements.Store((byte*)output.Data + (place++ * output.ElementSize), output.ScalarType, Distance(input, (long)i * width, input, (long)j * width, width, p));
            }
        }
    }

    private static long BatchOffset(TensorView tensor, ReadOnlySpan<int> batch, long index)
    {
        long offset = 0;
        for (var d = batch.Length - 1; d >= 0; d--)
        {
            var own = d - (batch.Length - (tensor.Rank - 2));
            offset += own >= 0 && tensor.Sizes[own] != 1 ? index % batch[d] * tensor.Strides[own] : 0;
            index /= batch[d];
        }

        return offset;
    }

    private static double Distance(TensorView left, long a, TensorView right, long b, int width, double p)
    {
        var sum = 0.0;
        for (var i = 0; i < width; i++)
        {
            var distance = Math.Abs(Elements.LoadDouble((byte*)left.Data + ((a + i) * left.ElementSize), left.ScalarType)
                - Elements.LoadDouble((byte*)right.Data + ((b + i) * right.ElementSize), right.ScalarType));
            sum = p switch
            {
                0 => sum + (distance != 0 ? 1 : 0),
                1 => sum + distance,
                2 => sum + (distance * distance),
                double.PositiveInfinity => Math.Max(sum, distance),
                _ => sum + Math.Pow(distance, p),
            };
        }

        return p switch { 0 or 1 or double.PositiveInfinity => sum, 2 => Math.Sqrt(sum), _ => Math.Pow(sum, 1 / p) };
    }
}
