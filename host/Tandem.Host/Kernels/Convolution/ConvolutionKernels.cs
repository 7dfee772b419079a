using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Convolution;

/// <summary>aten::convolution in one to three dimensions: groups, dilation, transposed, any dim order.</summary>
internal static unsafe class ConvolutionKernels
{
    internal static void Register(KernelRegistry registry) => registry.Add("aten::convolution.out", Convolve);

    // input, weight, bias, stride, padding, dilation, transposed, output_padding, groups
    private static void Convolve(KernelContext context, Arguments arguments)
    {
        var (input, weight, bias, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.OptionalTensor(2), arguments.Tensor(arguments.Count - 1));
        var isTransposed = arguments.Bool(6);
        var shape = ConvolutionShape.Create(input, weight, arguments.IntList(3), arguments.IntList(4), arguments.IntList(5), isTransposed, arguments.IntList(7), arguments.Int(8));
        Dims.Check(bias is null || bias.ElementCount == shape.OutputChannels, "the bias is not one number for each output channel");
        Span<int> sizes = stackalloc int[input.Rank];
        shape.FillOutputSizes(sizes);
        output.Resize(sizes);
        if (!isTransposed && input.ScalarType == ScalarType.Float && weight.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float
            && weight.IsContiguous && (bias is null || bias.ScalarType == ScalarType.Float))
        {
            var work = context.Reuse<FloatConvolution>();
            work.Run(context, input, weight, bias, output, shape);
            return;
        }

        Reference(input, weight, bias, output, shape, isTransposed);
    }

    private static void Reference(TensorView input, TensorView weight, TensorView? bias, TensorView output, in ConvolutionShape shape, bool isTransposed)
    {
        var groupInputs = shape.InputChannels / shape.Groups;
        var groupOutputs = shape.OutputChannels / shape.Groups;
        var isFloat = output.ScalarType.IsFloatingPoint();
        for (var n = 0; n < shape.Batch; n++)
        {
            for (var oc = 0; oc < shape.OutputChannels; oc++)
            {
                var group = oc / groupOutputs;
                for (var z = 0; z < shape.Output(0); z++)
                {
                    for (var y = 0; y < shape.Output(1); y++)
                    {
                        for (var x = 0; x < shape.Output(2); x++)
                        {
                            var sum = bias is null ? 0.0 : Elements.LoadDouble((byte*)bias.Data + ((long)oc * bias.ElementSize), bias.ScalarType);
                            for (var kz = 0; kz < shape.Kernel(0); kz++)
                            {
                                for (var ky = 0; ky < shape.Kernel(1); ky++)
                                {
                                    for (var kx = 0; kx < shape.Kernel(2); kx++)
                                    {
                                        if (!shape.TryInput(0, z, kz, isTransposed, out var iz) || !shape.TryInput(1, y, ky, isTransposed, out var iy) || !shape.TryInput(2, x, kx, isTransposed, out var ix))
                                        {
                                            continue;
                                        }

                                        for (var ic = 0; ic < groupInputs; ic++)
                                        {
                                            var channel = (group * groupInputs) + ic;
                                            var w = isTransposed ? shape.WeightOffset(weight, channel, oc % groupOutputs, kz, ky, kx) : shape.WeightOffset(weight, oc, ic, kz, ky, kx);
                                            sum += Elements.LoadDouble((byte*)input.Data + (shape.Offset(input, n, channel, iz, iy, ix) * input.ElementSize), input.ScalarType)
                                                * Elements.LoadDouble((byte*)weight.Data + (w * weight.ElementSize), weight.ScalarType);
                                        }
                                    }
                                }
                            }

                            var target = (byte*)output.Data + (shape.Offset(output, n, oc, z, y, x) * output.ElementSize);
                            if (isFloat)
                            {
                                Elements.Store(target, output.ScalarType, sum);
                            }
                            else
                            {
                                Elements.Store(target, output.ScalarType, (long)sum);
                            }
                        }
                    }
                }
            }
        }
    }
}
