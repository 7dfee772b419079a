using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Average and maximum over windows of images [N, C, H, W] or [C, H, W].</summary>
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
        var divisor = arguments.OptionalInt(6);
        Dims.Check(divisor is not 0, "the divisor is 0");
        Resize(input, output, window.OutputHeight, window.OutputWidth);
        var body = new AverageBody { Input = input, Output = output, Window = window, CountsPadding = arguments.Bool(5), Divisor = divisor };
        Pixels.ForEach(output, ref body);
    }

    // input, kernel, stride, padding, dilation, ceil_mode -> values, indices
    private static void Maximum(KernelContext context, Arguments arguments)
    {
        var (input, values, indices) = MaximumArguments(arguments);
        var window = PoolingWindow.Create(input, arguments.IntList(1), arguments.IntList(2), arguments.IntList(3), arguments.IntList(4), arguments.Bool(5));
        Resize(input, values, window.OutputHeight, window.OutputWidth);
        indices.Resize(values.Sizes);
        var body = new MaximumBody { Input = input, Values = values, Indices = indices, Window = window };
        Pixels.ForEach(values, ref body);
    }

    // grad_output, input, kernel, stride, padding, dilation, ceil_mode, indices -> grad_input
    private static void MaximumBackward(KernelContext context, Arguments arguments)
    {
        var (gradient, input, indices, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(7), arguments.Tensor(arguments.Count - 1));
        Dims.IsType(indices, ScalarType.Long);
        Dims.Check(indices.Sizes.SequenceEqual(gradient.Sizes) && gradient.Rank == input.Rank && input.Rank is 3 or 4, "the indices have another shape than the gradient");
        Dims.Check(input.Sizes[..^2].SequenceEqual(gradient.Sizes[..^2]), "the gradient has other planes than the input");
        Dims.Check(input.IsContiguous && gradient.IsContiguous && indices.IsContiguous && output.IsContiguous, "max_pool2d's gradient needs contiguous tensors");
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
        var body = new AdaptiveAverageBody { Input = input, Output = output };
        Pixels.ForEach(output, ref body);
    }

    private static void AdaptiveMaximum(KernelContext context, Arguments arguments)
    {
        var (input, values, indices) = MaximumArguments(arguments);
        var (height, width) = AdaptiveSize(arguments.IntList(1), input);
        Resize(input, values, height, width);
        indices.Resize(values.Sizes);
        var body = new AdaptiveMaximumBody { Input = input, Values = values, Indices = indices };
        Pixels.ForEach(values, ref body);
    }

    private static (TensorView Input, TensorView Values, TensorView Indices) MaximumArguments(Arguments arguments)
    {
        var outputs = arguments.TensorList(arguments.Count - 1);
        Dims.Check(outputs.Length == 2, "a maximum has two outputs, values and indices");
        var (values, indices) = (outputs[0]!, outputs[1]!);
        Dims.IsType(indices, ScalarType.Long);
        Dims.Check(values.DimOrder.SequenceEqual(indices.DimOrder), "values and indices have different dim orders");
        return (arguments.Tensor(0), values, indices);
    }

    private static (int Height, int Width) AdaptiveSize(ReadOnlySpan<long> sizes, TensorView input)
    {
        Dims.Check(sizes.Length == 2 && sizes[0] is > 0 and < int.MaxValue && sizes[1] is > 0 and < int.MaxValue && input.Rank is 3 or 4, "adaptive pooling needs two sizes");
        Dims.Check(input.Sizes[^2] > 0 && input.Sizes[^1] > 0, "adaptive pooling needs an image that is not empty");
        return ((int)sizes[0], (int)sizes[1]);
    }

    /// <summary>The inputs that an output of adaptive pooling covers.</summary>
    internal static (int Start, int End) Range(int index, int outputs, int inputs) =>
        ((int)((long)index * inputs / outputs), (int)((((long)(index + 1) * inputs) + outputs - 1) / outputs));

    private static void Resize(TensorView input, TensorView output, int height, int width)
    {
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        (sizes[^2], sizes[^1]) = (height, width);
        output.Resize(sizes);
    }
}
