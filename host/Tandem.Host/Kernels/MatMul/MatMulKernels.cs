using Tandem.Host.Kernels.Common;
using Tandem.Host.Kernels.Pointwise;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.MatMul;

/// <summary>Products of matrices: mm, bmm, addmm, linear. Floats through <see cref="FloatGemm"/>, other dtypes element by element.</summary>
internal static unsafe class MatMulKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::mm.out", MatMul)
        .Add("aten::bmm.out", BatchMatMul)
        .Add("aten::addmm.out", AddMatMul)
        .Add("aten::linear.out", Linear);

    private static void MatMul(KernelContext context, Arguments arguments)
    {
        var (left, right, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        Check(left, right, 2);
        output.Resize([left.Sizes[0], right.Sizes[1]]);
        Multiply(context, left, right, output, 0, 0, 0);
    }

    private static void BatchMatMul(KernelContext context, Arguments arguments)
    {
        var (left, right, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        Check(left, right, 3);
        Dims.Check(left.Sizes[0] == right.Sizes[0], "bmm's batches differ");
        output.Resize([left.Sizes[0], left.Sizes[1], right.Sizes[2]]);
        for (var batch = 0; batch < left.Sizes[0]; batch++)
        {
            Multiply(context, left, right, output, batch * left.Strides[0], batch * right.Strides[0], batch * output.Strides[0]);
        }
    }

    // beta self + alpha (left right)
    private static void AddMatMul(KernelContext context, Arguments arguments)
    {
        var (self, left, right, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2), arguments.Tensor(arguments.Count - 1));
        var (beta, alpha) = (arguments.Double(3), arguments.Double(4));
        Check(left, right, 2);
        output.Resize([left.Sizes[0], right.Sizes[1]]);
        Dims.Check(self.Rank <= 2 && (self.Rank < 1 || self.Sizes[^1] == 1 || self.Sizes[^1] == output.Sizes[1]) && (self.Rank < 2 || self.Sizes[0] == 1 || self.Sizes[0] == output.Sizes[0]),
            "addmm's self does not broadcast to the product");
        if (alpha == 1 && beta == 1 && IsFloat(left, right, output) && self.ScalarType == ScalarType.Float)
        {
            // The bias is where the sums begin.
            CopyKernels.Convert(self, output);
            Gemm(context, left, right, output, 0, 0, 0, accumulates: true);
            return;
        }

        Multiply(context, left, right, output, 0, 0, 0, alpha, self, beta);
    }

    private static void Linear(KernelContext context, Arguments arguments)
    {
        var (input, weight, bias, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.OptionalTensor(2), arguments.Tensor(arguments.Count - 1));
        Dims.Check(weight.Rank == 2 && input.Rank >= 1 && input.Sizes[^1] == weight.Sizes[1] && input.IsContiguous && weight.IsContiguous && output.IsContiguous, "linear's input and weight do not fit");
        Dims.Check(bias is null || bias.ElementCount == weight.Sizes[0], "linear has not one bias for each output");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[^1] = weight.Sizes[0];
        output.Resize(sizes);
        var (rows, inner, columns) = (weight.Sizes[1] == 0 ? output.ElementCount / Math.Max(weight.Sizes[0], 1) : input.ElementCount / weight.Sizes[1], weight.Sizes[1], weight.Sizes[0]);
        if (input.ScalarType == ScalarType.Float && weight.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float && (bias is null || bias.ScalarType == ScalarType.Float) && rows <= int.MaxValue)
        {
            context.Reuse<FloatLinear>().Run(context, (float*)input.Data, (float*)weight.Data, bias is null ? null : (float*)bias.Data, (float*)output.Data, (int)rows, inner, columns);
            return;
        }

        for (long row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var sum = bias is null ? 0.0 : Elements.LoadDouble((byte*)bias.Data + ((long)column * bias.ElementSize), bias.ScalarType);
                for (var i = 0; i < inner; i++)
                {
                    sum += Elements.LoadDouble((byte*)input.Data + (((row * inner) + i) * input.ElementSize), input.ScalarType)
                        * Elements.LoadDouble((byte*)weight.Data + ((((long)column * inner) + i) * weight.ElementSize), weight.ScalarType);
                }

                Elements.Store((byte*)output.Data + (((row * columns) + column) * output.ElementSize), output.ScalarType, sum);
            }
        }
    }

    private static void Check(TensorView left, TensorView right, int rank)
    {
        if (left.Rank != rank || right.Rank != rank || left.Sizes[^1] != right.Sizes[^2])
        {
            throw Dims.Invalid("the matrices do not fit", $"rank {rank}, and as many columns as rows", $"{left} and {right}");
        }
    }

    private static bool IsFloat(TensorView left, TensorView right, TensorView output) =>
        left.ScalarType == ScalarType.Float && right.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float
        && left.IsContiguous && right.IsContiguous && output.IsContiguous;

    private static void Gemm(KernelContext context, TensorView left, TensorView right, TensorView output, long leftOffset, long rightOffset, long outputOffset, bool accumulates) =>
        context.Reuse<FloatGemm>().Run(context.Pool, (float*)left.Data + leftOffset, (float*)right.Data + rightOffset, (float*)output.Data + outputOffset,
            left.Sizes[^2], right.Sizes[^1], left.Sizes[^1], accumulates);

    private static void Multiply(
        KernelContext context, TensorView left, TensorView right, TensorView output, long leftOffset, long rightOffset, long outputOffset,
        double alpha = 1, TensorView? self = null, double beta = 0)
    {
        if (self is null && IsFloat(left, right, output))
        {
            Gemm(context, left, right, output, leftOffset, rightOffset, outputOffset, accumulates: false);
            return;
        }

        var isFloat = output.ScalarType.IsFloatingPoint();
        var (m, n, k) = (left.Sizes[^2], right.Sizes[^1], left.Sizes[^1]);
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var (sum, integer) = (0.0, 0L);
                for (var p = 0; p < k; p++)
                {
                    var a = (byte*)left.Data + ((leftOffset + (i * left.Strides[^2]) + (p * left.Strides[^1])) * left.ElementSize);
                    var b = (byte*)right.Data + ((rightOffset + (p * right.Strides[^2]) + (j * right.Strides[^1])) * right.ElementSize);
                    if (isFloat)
                    {
                        sum += Elements.LoadDouble(a, left.ScalarType) * Elements.LoadDouble(b, right.ScalarType);
                    }
                    else
                    {
                        integer += Elements.LoadLong(a, left.ScalarType) * Elements.LoadLong(b, right.ScalarType);
                    }
                }

                var target = (byte*)output.Data + ((outputOffset + (i * output.Strides[^2]) + (j * output.Strides[^1])) * output.ElementSize);
                var added = self is null || beta == 0 ? 0 : beta * At(self, i, j);
                if (isFloat)
                {
                    Elements.Store(target, output.ScalarType, (alpha * sum) + added);
                }
                else
                {
                    Elements.Store(target, output.ScalarType, ((long)alpha * integer) + (long)added);
                }
            }
        }
    }

    private static double At(TensorView self, int row, int column)
    {
        long offset = 0;
        if (self.Rank > 0 && self.Sizes[^1] != 1)
        {
            offset += column * self.Strides[^1];
        }

        if (self.Rank > 1 && self.Sizes[^2] != 1)
        {
            offset += row * self.Strides[^2];
        }

        return Elements.LoadDouble((byte*)self.Data + (offset * self.ElementSize), self.ScalarType);
    }
}
