using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Average and maximum pooling over the last two dimensions, adaptive forms included.</summary>
internal static unsafe class PoolingKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::avg_pool2d.out", Average)
        .Add("aten::max_pool2d_with_indices.out", Maximum)
        .Add("aten::max_pool2d_with_indices_backward.grad_input", MaximumBackward)
        .Add("aten::_adaptive_avg_pool2d.out", AdaptiveAverage)
        .Add("aten::adaptive_max_pool2d.out", AdaptiveMaximum);

    // input, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
    private static void Average(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var window = PoolingWindow.Create(input, arguments.IntList(1), arguments.IntList(2), arguments.IntList(3), [], arguments.Bool(4));
        var (countsPadding, divisor) = (arguments.Bool(5), arguments.OptionalInt(6));
        Dims.Check(divisor is not 0, "the divisor is 0");
        Resize(input, output, window.OutputHeight, window.OutputWidth);
        ForEach(output, window.OutputHeight, window.OutputWidth, (plane, y, x, target) =>
        {
            var (top, left) = ((y * window.StrideHeight) - window.PaddingHeight, (x * window.StrideWidth) - window.PaddingWidth);
            var (bottom, right) = (Math.Min(top + window.KernelHeight, input.Sizes[^2] + window.PaddingHeight), Math.Min(left + window.KernelWidth, input.Sizes[^1] + window.PaddingWidth));
            var padded = (bottom - top) * (right - left);
            (top, left, bottom, right) = (Math.Max(top, 0), Math.Max(left, 0), Math.Min(bottom, input.Sizes[^2]), Math.Min(right, input.Sizes[^1]));
            var sum = 0.0;
            for (var iy = top; iy < bottom; iy++)
            {
                for (var ix = left; ix < right; ix++)
                {
                    sum += Read(input, plane, iy, ix);
                }
            }

            var inside = Math.Max(bottom - top, 0) * Math.Max(right - left, 0);
            Write(output, target, inside == 0 ? 0 : sum / (divisor ?? (countsPadding ? padded : inside)));
        });
    }

    // input, kernel, stride, padding, dilation, ceil_mode -> values, indices
    private static void Maximum(KernelContext context, Arguments arguments)
    {
        var (input, outputs) = (arguments.Tensor(0), new TensorPair(arguments.TensorList(arguments.Count - 1)));
        var window = PoolingWindow.Create(input, arguments.IntList(1), arguments.IntList(2), arguments.IntList(3), arguments.IntList(4), arguments.Bool(5));
        Resize(input, outputs.First, window.OutputHeight, window.OutputWidth);
        outputs.Second.Resize(outputs.First.Sizes);
        ForEach(outputs.First, window.OutputHeight, window.OutputWidth, (plane, y, x, target) =>
        {
            var (best, place) = (double.NegativeInfinity, -1L);
            for (var ky = 0; ky < window.KernelHeight; ky++)
            {
                for (var kx = 0; kx < window.KernelWidth; kx++)
                {
                    var (iy, ix) = ((y * window.StrideHeight) - window.PaddingHeight + (ky * window.DilationHeight), (x * window.StrideWidth) - window.PaddingWidth + (kx * window.DilationWidth));
                    if (iy >= 0 && ix >= 0 && iy < input.Sizes[^2] && ix < input.Sizes[^1])
                    {
                        Take(input, plane, iy, ix, ref best, ref place);
                    }
                }
            }

            Write(outputs.First, target, best);
            ((long*)outputs.Second.Data)[target] = place;
        });
    }

    // grad_output, input, kernel, stride, padding, dilation, ceil_mode, indices -> grad_input
    private static void MaximumBackward(KernelContext context, Arguments arguments)
    {
        var (gradient, input, indices, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(7), arguments.Tensor(arguments.Count - 1));
        Dims.Check(indices.Sizes.SequenceEqual(gradient.Sizes) && input.IsContiguous && gradient.IsContiguous && output.IsContiguous, "the indices have another shape than the gradient");
        output.Resize(input.Sizes);
        new Span<byte>(output.Data, checked((int)output.ByteCount)).Clear();
        var (from, to) = ((long)gradient.Sizes[^2] * gradient.Sizes[^1], (long)input.Sizes[^2] * input.Sizes[^1]);
        for (long n = 0; n < gradient.ElementCount; n++)
        {
            var index = ((long*)indices.Data)[n];
            Dims.Check(index >= 0 && index < to, "an index is out of range");
            var at = (byte*)output.Data + (((n / from * to) + index) * output.ElementSize);
            Elements.Store(at, output.ScalarType, Elements.LoadDouble(at, output.ScalarType) + Elements.LoadDouble((byte*)gradient.Data + (n * gradient.ElementSize), gradient.ScalarType));
        }
    }

    private static void AdaptiveAverage(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var (height, width) = AdaptiveSize(arguments.IntList(1), input);
        Resize(input, output, height, width);
        ForEach(output, height, width, (plane, y, x, target) =>
        {
            var (top, bottom) = Range(y, height, input.Sizes[^2]);
            var (left, right) = Range(x, width, input.Sizes[^1]);
            var sum = 0.0;
            for (var iy = top; iy < bottom; iy++)
            {
                for (var ix = left; ix < right; ix++)
                {
                    sum += Read(input, plane, iy, ix);
                }
            }

            Write(output, target, sum / ((bottom - top) * (right - left)));
        });
    }

    private static void AdaptiveMaximum(KernelContext context, Arguments arguments)
    {
        var (input, outputs) = (arguments.Tensor(0), new TensorPair(arguments.TensorList(arguments.Count - 1)));
        var (height, width) = AdaptiveSize(arguments.IntList(1), input);
        Resize(input, outputs.First, height, width);
        outputs.Second.Resize(outputs.First.Sizes);
        ForEach(outputs.First, height, width, (plane, y, x, target) =>
        {
            var (top, bottom) = Range(y, height, input.Sizes[^2]);
            var (left, right) = Range(x, width, input.Sizes[^1]);
            var (best, place) = (double.NegativeInfinity, -1L);
            for (var iy = top; iy < bottom; iy++)
            {
                for (var ix = left; ix < right; ix++)
                {
                    Take(input, plane, iy, ix, ref best, ref place);
                }
            }

            Write(outputs.First, target, best);
            ((long*)outputs.Second.Data)[target] = place;
        });
    }

    private static (int Height, int Width) AdaptiveSize(ReadOnlySpan<long> sizes, TensorView input)
    {
        Dims.Check(sizes.Length == 2 && sizes[0] is > 0 and < int.MaxValue && sizes[1] is > 0 and < int.MaxValue && input.Rank is 3 or 4, "adaptive pooling needs two sizes");
        return ((int)sizes[0], (int)sizes[1]);
    }

    private static (int Start, int End) Range(int index, int outputs, int inputs) =>
        ((int)((long)index * inputs / outputs), (int)((((long)(index + 1) * inputs) + outputs - 1) / outputs));

    private static void Resize(TensorView input, TensorView output, int height, int width)
    {
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        (sizes[^2], sizes[^1]) = (height, width);
        output.Resize(sizes);
    }

    // The first greatest element; NaN wins.
    private static void Take(TensorView input, (int Batch, int Channel) plane, int y, int x, ref double best, ref long place)
    {
        var value = Read(input, plane, y, x);
        if (place < 0 || value > best || double.IsNaN(value))
        {
            (best, place) = (value, ((long)y * input.Sizes[^1]) + x);
        }
    }

    private static double Read(TensorView input, (int Batch, int Channel) plane, int y, int x)
    {
        var offset = (plane.Channel * input.Strides[^3]) + (y * input.Strides[^2]) + (x * input.Strides[^1]) + (input.Rank == 4 ? plane.Batch * input.Strides[0] : 0);
        return Elements.LoadDouble((byte*)input.Data + (offset * input.ElementSize), input.ScalarType);
    }

    private static void Write(TensorView output, long at, double value) =>
        Elements.Store((byte*)output.Data + (at * output.ElementSize), output.ScalarType, value);

    private static void ForEach(TensorView output, int height, int width, Action<(int Batch, int Channel), int, int, long> action)
    {
        var batches = output.Rank == 4 ? output.Sizes[0] : 1;
        for (var n = 0; n < batches; n++)
        {
            for (var c = 0; c < output.Sizes[^3]; c++)
            {
                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        action((n, c), y, x, (c * output.Strides[^3]) + (y * output.Strides[^2]) + (x * output.Strides[^1]) + (output.Rank == 4 ? n * output.Strides[0] : 0));
                    }
                }
            }
        }
    }

    private sealed class TensorPair(ReadOnlySpan<TensorView?> tensors)
    {
        internal TensorView First { get; } = tensors[0]!;

        internal TensorView Second { get; } = tensors[1]!;
    }
}
