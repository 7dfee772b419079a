using System.Numerics;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Llm;

/// <summary>The orthonormal Walsh-Hadamard transform of rows, and the operator that stands for a graph a backend could not take.</summary>
internal static unsafe class HadamardKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("llama::fast_hadamard_transform.out", Transform)
        .Add("llama::fallback.out", Copy);

    private static void Transform(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        Dims.Check(input.ScalarType == output.ScalarType && input.ScalarType.IsFloatingPoint() && input.IsContiguous && output.IsContiguous, "the transform needs contiguous floats of one dtype");
        var width = input.Rank == 0 ? 1 : input.Sizes[^1];
        if (input.ElementCount == 0)
        {
            return;
        }

        if (!BitOperations.IsPow2(width))
        {
            throw Dims.Invalid("the transform's rows have a length that is not supported", "a power of two", width.ToString());
        }

        var row = context.Allocate<double>(width);
        var factor = 1 / Math.Sqrt(width);
        for (long first = 0; first < input.ElementCount; first += width)
        {
            for (var i = 0; i < width; i++)
            {
                row[i] = Elements.LoadDouble((byte*)input.Data + ((first + i) * input.ElementSize), input.ScalarType);
            }

            for (var step = 1; step < width; step *= 2)
            {
                for (var i = 0; i < width; i++)
                {
                    if ((i & step) == 0)
                    {
                        (row[i], row[i + step]) = (row[i] + row[i + step], row[i] - row[i + step]);
                    }
                }
            }

            for (var i = 0; i < width; i++)
            {
                Elements.Store((byte*)output.Data + ((first + i) * output.ElementSize), output.ScalarType, row[i] * factor);
            }
        }
    }

    private static void Copy(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        Dims.Check(input.ScalarType == output.ScalarType, "fallback keeps the dtype");
        BlockCopy.Copy(input, output);
    }
}
