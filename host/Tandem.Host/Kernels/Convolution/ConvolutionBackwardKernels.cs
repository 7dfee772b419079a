using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Convolution;

/// <summary>aten::convolution_backward: gradients of input, weight and bias, each where the mask asks for it.</summary>
internal static unsafe class ConvolutionBackwardKernels
{
    internal static void Register(KernelRegistry registry) => registry.Add("aten::convolution_backward.out", Backward);

    // grad_output, input, weight, bias_sizes, stride, padding, dilation, transposed, output_padding, groups, output_mask -> grad_input, grad_weight, grad_bias
    private static void Backward(KernelContext context, Arguments arguments)
    {
        var (gradient, input, weight) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2));
        var isTransposed = arguments.Bool(7);
        var shape = ConvolutionShape.Create(input, weight, arguments.IntList(4), arguments.IntList(5), arguments.IntList(6), isTransposed, arguments.IntList(8), arguments.Int(9));
        Span<int> sizes = stackalloc int[input.Rank];
        shape.FillOutputSizes(sizes);
        Dims.Check(gradient.Sizes.SequenceEqual(sizes), "the gradient has another shape than the convolution's output");
        var mask = arguments.BoolList(10);
        var outputs = arguments.TensorList(arguments.Count - 1);
        Dims.Check(mask.Length == 3 && outputs.Length == 3, "convolution_backward has three outputs");
        var (forInput, forWeight) = (mask[0] ? Cleared(outputs[0]!, input.Sizes) : null, mask[1] ? Cleared(outputs[1]!, weight.Sizes) : null);
        if (mask[2])
        {
            BiasGradient(gradient, Cleared(outputs[2]!, [shape.OutputChannels]), shape);
        }

        if (forInput is not null || forWeight is not null)
        {
            Accumulate(gradient, input, weight, forInput, forWeight, shape, isTransposed);
        }
    }

    private static void Accumulate(
        TensorView gradient, TensorView input, TensorView weight, TensorView? forInput, TensorView? forWeight, in ConvolutionShape shape, bool isTransposed)
    {
        var (groupInputs, groupOutputs) = (shape.InputChannels / shape.Groups, shape.OutputChannels / shape.Groups);
        for (var n = 0; n < shape.Batch; n++)
        {
            for (var oc = 0; oc < shape.OutputChannels; oc++)
            {
                for (var z = 0; z < shape.Output(0); z++)
                {
                    for (var y = 0; y < shape.Output(1); y++)
                    {
                        for (var x = 0; x < shape.Output(2); x++)
                        {
                            var slope = Read(gradient, shape.Offset(gradient, n, oc, z, y, x));
                            for (var tap = 0; tap < shape.Kernel(0) * shape.Kernel(1) * shape.Kernel(2); tap++)
                            {
                                var (kz, ky, kx) = (tap / (shape.Kernel(1) * shape.Kernel(2)), tap / shape.Kernel(2) % shape.Kernel(1), tap % shape.Kernel(2));
                                if (!shape.TryInput(0, z, kz, isTransposed, out var iz) || !shape.TryInput(1, y, ky, isTransposed, out var iy) || !shape.TryInput(2, x, kx, isTransposed, out var ix))
                                {
                                    continue;
                                }

                                for (var ic = 0; ic < groupInputs; ic++)
                                {
                                    var channel = (oc / groupOutputs * groupInputs) + ic;
                                    var at = shape.Offset(input, n, channel, iz, iy, ix);
                                    var (first, second) = isTransposed ? (channel, oc % groupOutputs) : (oc, ic);
                                    if (forInput is not null)
                                    {
                                        Add(forInput, shape.Offset(forInput, n, channel, iz, iy, ix), slope * Read(weight, shape.WeightOffset(weight, first, second, kz, ky, kx)));
                                    }

                                    if (forWeight is not null)
                                    {
                                        Add(forWeight, shape.WeightOffset(forWeight, first, second, kz, ky, kx), slope * Read(input, at));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private static void BiasGradient(TensorView gradient, TensorView forBias, in ConvolutionShape shape)
    {
        for (var oc = 0; oc < shape.OutputChannels; oc++)
        {
            var sum = 0.0;
            for (var n = 0; n < shape.Batch; n++)
            {
                for (var z = 0; z < shape.Output(0); z++)
                {
                    for (var y = 0; y < shape.Output(1); y++)
                    {
                        for (var x = 0; x < shape.Output(2); x++)
                        {
                            sum += Read(gradient, shape.Offset(gradient, n, oc, z, y, x));
                        }
                    }
                }
            }

            Elements.Store((byte*)forBias.Data + ((long)oc * forBias.ElementSize), forBias.ScalarType, sum);
        }
    }

    private static TensorView Cleared(TensorView output, ReadOnlySpan<int> sizes)
    {
        output.Resize(sizes);
        new Span<byte>(output.Data, checked((int)output.ByteCount)).Clear();
        return output;
    }

    private static double Read(TensorView tensor, long at) => Elements.LoadDouble((byte*)tensor.Data + (at * tensor.ElementSize), tensor.ScalarType);

    private static void Add(TensorView tensor, long at, double value) =>
        Elements.Store((byte*)tensor.Data + (at * tensor.ElementSize), tensor.ScalarType, Read(tensor, at) + value);
}
