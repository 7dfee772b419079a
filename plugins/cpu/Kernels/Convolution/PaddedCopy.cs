using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Copies a window of an NHWC image; what lies outside the image is zero.</summary>
internal static unsafe class PaddedCopy
{
    /// <summary>destination[row, column, channel] = image[firstRow + row, firstColumn + column, channel], densely.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        float* image, int height, int width, nint pixelStride, int channels, int firstRow, int firstColumn, int rows, int columns,
        float* destination)
    {
        var left = Math.Clamp(-firstColumn, 0, columns);
        var right = Math.Clamp(width - firstColumn, left, columns);
        for (var row = 0; row < rows; row++)
        {
            var y = firstRow + row;
            if ((uint)y >= (uint)height || right <= left)
            {
                new Span<float>(destination, columns * channels).Clear();
                destination += (nint)columns * channels;
                continue;
            }

            new Span<float>(destination, left * channels).Clear();
            destination += (nint)left * channels;
            var source = image + ((((nint)y * width) + firstColumn + left) * pixelStride);
            if (pixelStride == channels)
            {
                new Span<float>(source, (right - left) * channels).CopyTo(new Span<float>(destination, (right - left) * channels));
                destination += (nint)(right - left) * channels;
            }
            else
            {
                for (var column = left; column < right; column++)
                {
                    for (var i = 0; i < channels; i++)
                    {
                        destination[i] = source[i];
                    }

                    source += pixelStride;
                    destination += channels;
                }
            }

            new Span<float>(destination, (columns - right) * channels).Clear();
            destination += (nint)(columns - right) * channels;
        }
    }
}
