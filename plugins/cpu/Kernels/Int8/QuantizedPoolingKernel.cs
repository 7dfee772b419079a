using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Maximum and mean of windows of codes, NHWC. Items are rows of output, over all images.</summary>
internal static unsafe class QuantizedPoolingKernel
{
    /// <summary>Rows of maxima; padding never wins.</summary>
    /// <param name="p">Sizes; pointers are to bytes.</param>
    /// <param name="start">First row.</param>
    /// <param name="end">Row behind the last.</param>
    /// <param name="low">Least code of a result.</param>
    /// <param name="high">Greatest code of a result.</param>
    /// <param name="isUnsigned">Whether codes are unsigned.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Maximum(in PoolingArguments p, int start, int end, int low, int high, bool isUnsigned)
    {
        var flip = (byte)(isUnsigned ? 0x80 : 0);
        for (var row = start; row < end; row++)
        {
            var image = (byte*)p.Input + ((nint)(row / p.OutputHeight) * p.InputHeight * p.InputWidth * p.Channels);
            var top = (row % p.OutputHeight * p.StrideHeight) - p.PaddingTop;
            for (var column = 0; column < p.OutputWidth; column++)
            {
                var left = (column * p.StrideWidth) - p.PaddingLeft;
                var output = (byte*)p.Output + ((((nint)row * p.OutputWidth) + column) * p.Channels);
                nint c = 0;
                for (; c <= p.Channels - 16 && Vector128.IsHardwareAccelerated; c += 16)
                {
                    var best = Vector128.Create(sbyte.MinValue);
                    for (var y = 0; y < p.WindowHeight; y++)
                    {
                        var line = top + (y * p.DilationHeight);
                        for (var x = 0; (uint)line < (uint)p.InputHeight && x < p.WindowWidth; x++)
                        {
                            var pixel = left + (x * p.DilationWidth);
                            if ((uint)pixel < (uint)p.InputWidth)
                            {
                                var codes = Vector128.Load(image + ((((nint)line * p.InputWidth) + pixel) * p.Channels) + c) ^ Vector128.Create(flip);
                                best = Vector128.Max(best, codes.AsSByte());
                            }
                        }
                    }

                    var shift = isUnsigned ? 128 : 0;
                    best = Vector128.Min(Vector128.Max(best, Vector128.Create((sbyte)(low - shift))), Vector128.Create((sbyte)(high - shift)));
                    (best.AsByte() ^ Vector128.Create(flip)).Store(output + c);
                }

                for (; c < p.Channels; c++)
                {
                    var best = isUnsigned ? 0 : (int)sbyte.MinValue;
                    for (var y = 0; y < p.WindowHeight; y++)
                    {
                        var line = top + (y * p.DilationHeight);
                        for (var x = 0; (uint)line < (uint)p.InputHeight && x < p.WindowWidth; x++)
                        {
                            var pixel = left + (x * p.DilationWidth);
                            if ((uint)pixel < (uint)p.InputWidth)
                            {
                                var code = image[((((nint)line * p.InputWidth) + pixel) * p.Channels) + c];
                                best = Math.Max(best, isUnsigned ? code : (sbyte)code);
                            }
                        }
                    }

                    output[c] = (byte)Math.Min(Math.Max(best, low), high);
                }
            }
        }
    }

    /// <summary>Rows of means over the pixels of a window that lie inside the image.</summary>
    /// <param name="p">Sizes; pointers are to bytes.</param>
    /// <param name="start">First row.</param>
    /// <param name="end">Row behind the last.</param>
    /// <param name="inputZeroPoint">Zero point of the input.</param>
    /// <param name="scale">Scale of the input over that of the output.</param>
    /// <param name="r">Zero point and bounds of the output.</param>
    /// <param name="isUnsigned">Whether codes are unsigned.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Mean(in PoolingArguments p, int start, int end, int inputZeroPoint, float scale, in Requantization r, bool isUnsigned)
    {
        const int Block = 256;
        var sums = stackalloc int[Block];
        float low = r.Minimum - r.ZeroPoint;
        float high = r.Maximum - r.ZeroPoint;
        for (var row = start; row < end; row++)
        {
            var image = (byte*)p.Input + ((nint)(row / p.OutputHeight) * p.InputHeight * p.InputWidth * p.Channels);
            var top = (row % p.OutputHeight * p.StrideHeight) - p.PaddingTop;
            for (var column = 0; column < p.OutputWidth; column++)
            {
                var left = (column * p.StrideWidth) - p.PaddingLeft;
                var output = (byte*)p.Output + ((((nint)row * p.OutputWidth) + column) * p.Channels);
                for (nint first = 0; first < p.Channels; first += Block)
                {
                    var channels = Math.Min(Block, p.Channels - first);
                    new Span<int>(sums, (int)channels).Clear();
                    var pixels = 0;
                    for (var y = Math.Max(top, 0); y < Math.Min(top + p.WindowHeight, p.InputHeight); y++)
                    {
                        for (var x = Math.Max(left, 0); x < Math.Min(left + p.WindowWidth, p.InputWidth); x++)
                        {
                            pixels++;
                            var source = image + ((((nint)y * p.InputWidth) + x) * p.Channels) + first;
                            nint c = 0;
                            for (; c <= channels - 16 && Vector128.IsHardwareAccelerated; c += 16)
                            {
                                var (lower, upper) = Codes128.Widen(Vector128.Load(source + c), isUnsigned);
                                (Vector128.Load(sums + c) + Vector128.WidenLower(lower)).Store(sums + c);
                                (Vector128.Load(sums + c + 4) + Vector128.WidenUpper(lower)).Store(sums + c + 4);
                                (Vector128.Load(sums + c + 8) + Vector128.WidenLower(upper)).Store(sums + c + 8);
                                (Vector128.Load(sums + c + 12) + Vector128.WidenUpper(upper)).Store(sums + c + 12);
                            }

                            for (; c < channels; c++)
                            {
                                sums[c] += isUnsigned ? source[c] : (sbyte)source[c];
                            }
                        }
                    }

                    var factor = pixels == 0 ? 0 : scale / pixels;
                    var offset = pixels * inputZeroPoint;
                    nint done = 0;
                    for (; done <= channels - 16 && Vector128.IsHardwareAccelerated; done += 16)
                    {
                        Codes128.Narrow(
                            Code(sums + done, offset, factor, low, high, r.ZeroPoint), Code(sums + done + 4, offset, factor, low, high, r.ZeroPoint),
                            Code(sums + done + 8, offset, factor, low, high, r.ZeroPoint), Code(sums + done + 12, offset, factor, low, high, r.ZeroPoint))
                            .Store((sbyte*)output + first + done);
                    }

                    for (var c = done; c < channels; c++)
                    {
                        var mean = (sums[c] - offset) * factor;
                        mean = mean < high ? mean : high;
                        mean = mean > low ? mean : low;
                        output[first + c] = (byte)((int)MathF.Round(mean) + r.ZeroPoint);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Code(int* sums, int offset, float factor, float low, float high, int zeroPoint)
    {
        var means = Vector128.ConvertToSingle(Vector128.Load(sums) - Vector128.Create(offset)) * Vector128.Create(factor);
        return Codes128.Round(Codes128.Limit(means, Vector128.Create(low), Vector128.Create(high))) + Vector128.Create(zeroPoint);
    }
}
