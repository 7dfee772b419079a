using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Copies a window of an NHWC image; what lies outside the image is zero.</summary>
internal static unsafe class PaddedCopy
{
    /// <summary>destination[row, column, channel] = image[firstRow + row, firstColumn + column, channel], densely.</summary>
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
                NativeMemory.Clear(destination, (nuint)columns * (nuint)channels * sizeof(float));
                destination += (nint)columns * channels;
                continue;
            }

            NativeMemory.Clear(destination, (nuint)left * (nuint)channels * sizeof(float));
            destination += (nint)left * channels;
            var source = image + ((((nint)y * width) + firstColumn + left) * pixelStride);
            if (pixelStride == channels)
            {
                NativeMemory.Copy(source, destination, (nuint)(right - left) * (nuint)channels * sizeof(float));
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

            NativeMemory.Clear(destination, (nuint)(columns - right) * (nuint)channels * sizeof(float));
            destination += (nint)(columns - right) * channels;
        }
    }
}
