using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Shape;

/// <summary>preprocess::tile_crop: an image [C, H, W] as square tiles [tiles, C, size, size], row by row.</summary>
internal static unsafe class TileCropKernels
{
    internal static void Register(KernelRegistry registry) => registry.Add("preprocess::tile_crop.out", TileCrop);

    private static void TileCrop(KernelContext context, Arguments arguments)
    {
        var (input, size, output) = (arguments.Tensor(0), checked((int)arguments.Int(1)), arguments.Tensor(arguments.Count - 1));
        Dims.Check(input.Rank == 3 && size > 0 && input.Sizes[1] % size == 0 && input.Sizes[2] % size == 0, "tile_crop needs an image [C, H, W] that whole tiles cover");
        Dims.Check(input.ScalarType == output.ScalarType, "tile_crop's output has its input's dtype");
        var (channels, rows, columns) = (input.Sizes[0], input.Sizes[1] / size, input.Sizes[2] / size);
        output.Resize([checked(rows * columns), channels, size, size]);
        ReadOnlySpan<long> target = output.Strides;
        var element = input.ElementSize;
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var from = (byte*)input.Data + (((row * input.Strides[1]) + (column * input.Strides[2])) * size * element);
                var to = (byte*)output.Data + (((row * columns) + column) * target[0] * element);
                BlockCopy.Copy(from, input.Strides, to, target[1..], [channels, size, size], element);
            }
        }
    }
}
