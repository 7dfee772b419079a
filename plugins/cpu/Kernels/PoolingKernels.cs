using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Average and maximum over windows of NHWC images. Items are rows of output, over all images.</summary>
internal static unsafe class PoolingKernels
{
    /// <summary>The kernel (arguments, first row, end row) that divides by the number of pixels inside the image.</summary>
    public static delegate*<PoolingArguments*, int, int, void> GetAverage(InstructionSet instructionSet) => CpuFeatures.ToFloat(instructionSet) switch
    {
        InstructionSet.Avx512 => &Run<Vector512Isa, Vector512<float>, Average>,
        InstructionSet.Avx2 => &Run<Vector256Isa, Vector256<float>, Average>,
        InstructionSet.AdvSimd => &Run<AdvSimdIsa, Vector128<float>, Average>,
        InstructionSet.Vector128 => &Run<Vector128Isa, Vector128<float>, Average>,
        _ => &Run<ScalarIsa, float, Average>,
    };

    /// <summary>The kernel (arguments, first row, end row) of the greatest element; padding never wins, NaN always.</summary>
    public static delegate*<PoolingArguments*, int, int, void> GetMaximum(InstructionSet instructionSet) => CpuFeatures.ToFloat(instructionSet) switch
    {
        InstructionSet.Avx512 => &Run<Vector512Isa, Vector512<float>, Greatest>,
        InstructionSet.Avx2 => &Run<Vector256Isa, Vector256<float>, Greatest>,
        InstructionSet.AdvSimd => &Run<AdvSimdIsa, Vector128<float>, Greatest>,
        InstructionSet.Vector128 => &Run<Vector128Isa, Vector128<float>, Greatest>,
        _ => &Run<ScalarIsa, float, Greatest>,
    };

    /// <summary>The kernel (arguments, first image, end image) of the mean over all pixels.</summary>
    public static delegate*<PoolingArguments*, int, int, void> GetMean(InstructionSet instructionSet) => CpuFeatures.ToFloat(instructionSet) switch
    {
        InstructionSet.Avx512 => &Mean<Vector512Isa, Vector512<float>>,
        InstructionSet.Avx2 => &Mean<Vector256Isa, Vector256<float>>,
        InstructionSet.AdvSimd => &Mean<AdvSimdIsa, Vector128<float>>,
        InstructionSet.Vector128 => &Mean<Vector128Isa, Vector128<float>>,
        _ => &Mean<ScalarIsa, float>,
    };

    /// <summary>The greatest element and where in the window it lies first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ArgMax(PoolingArguments* p, int start, int end)
    {
        for (var row = start; row < end; row++)
        {
            var image = p->Input + ((nint)(row / p->OutputHeight) * p->InputHeight * p->InputWidth * p->Channels);
            var top = (row % p->OutputHeight * p->StrideHeight) - p->PaddingTop;
            for (var column = 0; column < p->OutputWidth; column++)
            {
                var left = (column * p->StrideWidth) - p->PaddingLeft;
                var pixel = (((nint)row * p->OutputWidth) + column) * p->Channels;
                for (nint c = 0; c < p->Channels; c++)
                {
                    var best = float.NegativeInfinity;
                    var position = -1;
                    for (var y = 0; y < p->WindowHeight; y++)
                    {
                        for (var x = 0; x < p->WindowWidth; x++)
                        {
                            if ((uint)(top + y) >= (uint)p->InputHeight || (uint)(left + x) >= (uint)p->InputWidth)
                            {
                                continue;
                            }

                            var value = image[((((nint)(top + y) * p->InputWidth) + left + x) * p->Channels) + c];
                            if (position < 0 || value > best || (float.IsNaN(value) && !float.IsNaN(best)))
                            {
                                (best, position) = (value, (y * p->WindowWidth) + x);
                            }
                        }
                    }

                    p->Output[pixel + c] = best;
                    p->Indices[pixel + c] = Math.Max(position, 0);
                }
            }
        }
    }

    private interface IReduction
    {
        static abstract float Start { get; }

        static abstract bool Divides { get; }

        static abstract TVec Combine<TIsa, TVec>(TVec sum, TVec x)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged;
    }

    private readonly struct Average : IReduction
    {
        public static float Start => 0;

        public static bool Divides => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Combine<TIsa, TVec>(TVec sum, TVec x)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Add(sum, x);
    }

    private readonly struct Greatest : IReduction
    {
        public static float Start => float.NegativeInfinity;

        public static bool Divides => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Combine<TIsa, TVec>(TVec sum, TVec x)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Maximum(sum, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TIsa, TVec, TReduction>(PoolingArguments* p, int start, int end)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
        where TReduction : IReduction
    {
        var low = TIsa.Set(p->Minimum);
        var high = TIsa.Set(p->Maximum);
        var channels = (nint)p->Channels;
        var (lineStep, pixelStep) = (p->InputWidth * channels * p->DilationHeight, channels * p->DilationWidth);
        for (var row = start; row < end; row++)
        {
            var image = p->Input + ((nint)(row / p->OutputHeight) * p->InputHeight * p->InputWidth * channels);
            var top = (row % p->OutputHeight * p->StrideHeight) - p->PaddingTop;
            var (firstY, endY) = Inside(top, p->WindowHeight, p->DilationHeight, p->InputHeight);
            for (var column = 0; column < p->OutputWidth; column++)
            {
                var left = (column * p->StrideWidth) - p->PaddingLeft;
                var (firstX, endX) = Inside(left, p->WindowWidth, p->DilationWidth, p->InputWidth);
                var output = p->Output + ((((nint)row * p->OutputWidth) + column) * channels);
                var window = image + ((((nint)(top + (firstY * p->DilationHeight)) * p->InputWidth) + left + (firstX * p->DilationWidth)) * channels);
                var (height, width) = (endY - firstY, endX - firstX);
                var scale = TIsa.Set(TReduction.Divides ? 1f / (height * width) : 1f);
                nint c = 0;
                for (; c <= channels - TIsa.Lanes; c += TIsa.Lanes)
                {
                    var sum = TIsa.Set(TReduction.Start);
                    var line = window + c;
                    for (var y = height; y > 0; y--, line += lineStep)
                    {
                        var source = line;
                        for (var x = width; x > 0; x--, source += pixelStep)
                        {
                            sum = TReduction.Combine<TIsa, TVec>(sum, TIsa.Load(source));
                        }
                    }

                    sum = TReduction.Divides ? TIsa.Multiply(sum, scale) : sum;
                    TIsa.Store(TIsa.MinKeep(high, TIsa.MaxKeep(low, sum)), output + c);
                }

                if (c < channels)
                {
                    Rest<TIsa, TVec, TReduction>(p, window + c, output + c, height, width, channels - c);
                }
            }
        }
    }

    // Apart from the loop above: a vector whose address is taken lives in memory, and is read and written there at each step.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rest<TIsa, TVec, TReduction>(PoolingArguments* p, float* window, float* output, int height, int width, nint count)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
        where TReduction : IReduction
    {
        var channels = (nint)p->Channels;
        var sum = TIsa.Set(TReduction.Start);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                TVec value = default;
                var source = window + ((((nint)y * p->DilationHeight * p->InputWidth) + ((nint)x * p->DilationWidth)) * channels);
                Unsafe.CopyBlockUnaligned(&value, source, (uint)(count * sizeof(float)));
                sum = TReduction.Combine<TIsa, TVec>(sum, value);
            }
        }

        sum = TReduction.Divides ? TIsa.Multiply(sum, TIsa.Set(1f / (height * width))) : sum;
        sum = TIsa.MinKeep(TIsa.Set(p->Maximum), TIsa.MaxKeep(TIsa.Set(p->Minimum), sum));
        Unsafe.CopyBlockUnaligned(output, &sum, (uint)(count * sizeof(float)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mean<TIsa, TVec>(PoolingArguments* p, int start, int end)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
    {
        var low = TIsa.Set(p->Minimum);
        var high = TIsa.Set(p->Maximum);
        var channels = (nint)p->Channels;
        var pixels = (nint)p->InputHeight * p->InputWidth;
        var scale = TIsa.Set(1f / pixels);
        for (var image = start; image < end; image++)
        {
            var source = p->Input + (image * pixels * channels);
            var output = p->Output + (image * channels);
            nint c = 0;
            for (; c <= channels - TIsa.Lanes; c += TIsa.Lanes)
            {
                // Four sums, because each addition waits for the one before it.
                TVec s0 = TIsa.Set(0f), s1 = s0, s2 = s0, s3 = s0;
                var x = source + c;
                nint i = 0;
                for (; i <= pixels - 4; i += 4, x += 4 * channels)
                {
                    s0 = TIsa.Add(s0, TIsa.Load(x));
                    s1 = TIsa.Add(s1, TIsa.Load(x + channels));
                    s2 = TIsa.Add(s2, TIsa.Load(x + (2 * channels)));
                    s3 = TIsa.Add(s3, TIsa.Load(x + (3 * channels)));
                }

                for (; i < pixels; i++, x += channels)
                {
                    s0 = TIsa.Add(s0, TIsa.Load(x));
                }

                s0 = TIsa.Multiply(TIsa.Add(TIsa.Add(s0, s1), TIsa.Add(s2, s3)), scale);
                TIsa.Store(TIsa.MinKeep(high, TIsa.MaxKeep(low, s0)), output + c);
            }

            for (; c < channels; c++)
            {
                var sum = 0f;
                for (nint i = 0; i < pixels; i++)
                {
                    sum += source[(i * channels) + c];
                }

                sum /= pixels;
                output[c] = sum < p->Minimum ? p->Minimum : sum > p->Maximum ? p->Maximum : sum;
            }
        }
    }

    /// <summary>Which elements of a window lie inside the image.</summary>
    private static (int First, int End) Inside(int start, int window, int dilation, int size)
    {
        // Divisions cost more than a small window: dilated ones only pay for them.
        var first = start >= 0 ? 0 : dilation == 1 ? -start : (-start + dilation - 1) / dilation;
        var end = start >= size ? 0 : Math.Min(window, dilation == 1 ? size - start : ((size - 1 - start) / dilation) + 1);
        return (Math.Min(first, window), Math.Max(end, Math.Min(first, window)));
    }
}
