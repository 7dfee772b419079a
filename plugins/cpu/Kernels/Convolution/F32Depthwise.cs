using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One output row of a depthwise convolution of any kernel size; channels lie in the lanes.</summary>
/// <remarks>The last register of channels reaches back over channels already done, so that it is whole: they come out the same again.</remarks>
internal static unsafe partial class F32Depthwise<TSimd, V>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(DepthwiseArguments* t)
    {
        var (first, end) = Interior(t);
        Edge(t, 0, first, 0);
        Edge(t, end, t->OutputWidth, 0);
        if (t->Channels < TSimd.Width)
        {
            Edge(t, first, end, 0);
            return;
        }

        for (nint channel = 0; channel < t->Channels; channel += TSimd.Width)
        {
            channel = Math.Min(channel, t->Channels - TSimd.Width);
            Columns(t, first, end, channel);
        }
    }

    /// <summary>The output columns whose whole kernel lies inside the row.</summary>
    private static (nint First, nint End) Interior(DepthwiseArguments* t)
    {
        var first = Math.Min(t->OutputWidth, (t->PaddingLeft + t->Stride - 1) / t->Stride);
        var last = t->InputWidth - 1 - ((t->KernelWidth - 1) * t->Dilation) + t->PaddingLeft;
        var end = last < 0 ? 0 : Math.Min(t->OutputWidth, (last / t->Stride) + 1);
        return (first, Math.Max(first, end));
    }

    /// <summary>Output columns of which parts of the kernel may lie outside; channels from a first one on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Edge(DepthwiseArguments* t, nint firstColumn, nint endColumn, nint firstChannel)
    {
        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        for (var column = firstColumn; column < endColumn; column++)
        {
            var x0 = (column * t->Stride) - t->PaddingLeft;
            var firstTap = x0 >= 0 ? 0 : (t->Dilation - 1 - x0) / t->Dilation;
            var endTap = x0 >= t->InputWidth ? 0 : Math.Min(t->KernelWidth, ((t->InputWidth - 1 - x0) / t->Dilation) + 1);
            var tap = t->Dilation * t->PixelStride;
            for (var channel = firstChannel; channel < t->Channels; channel += TSimd.Width)
            {
                var lanes = Math.Min(TSimd.Width, t->Channels - channel);
                var sum = TSimd.Load(t->Bias + channel);
                for (nint ky = 0; ky < t->KernelHeight; ky++)
                {
                    var input = t->Rows[ky] + channel + ((x0 + (firstTap * t->Dilation)) * t->PixelStride);
                    var weights = t->Weights + (((ky * t->KernelWidth) + firstTap) * t->WeightStride) + channel;
                    if (lanes == TSimd.Width)
                    {
                        for (var kx = firstTap; kx < endTap; kx++)
                        {
                            sum = TSimd.MultiplyAdd(TSimd.Load(input), TSimd.Load(weights), sum);
                            input += tap;
                            weights += t->WeightStride;
                        }
                    }
                    else
                    {
                        for (var kx = firstTap; kx < endTap; kx++)
                        {
                            sum = TSimd.MultiplyAdd(TSimd.LoadPartial(input, lanes), TSimd.Load(weights), sum);
                            input += tap;
                            weights += t->WeightStride;
                        }
                    }
                }

                var output = t->Output + (column * t->OutputPixelStride) + channel;
                sum = TSimd.Clamp(sum, low, high);
                if (lanes == TSimd.Width)
                {
                    TSimd.Store(output, sum);
                }
                else
                {
                    TSimd.StorePartial(output, sum, lanes);
                }
            }
        }
    }

    /// <summary>Inner columns of one register of channels, four at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns(DepthwiseArguments* t, nint firstColumn, nint endColumn, nint channel)
    {
        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var step = t->Stride * t->PixelStride;
        var tap = t->Dilation * t->PixelStride;
        var output = t->Output + (firstColumn * t->OutputPixelStride) + channel;
        var offset = (((firstColumn * t->Stride) - t->PaddingLeft) * t->PixelStride) + channel;
        var column = firstColumn;
        for (; column + 4 <= endColumn; column += 4)
        {
            V s0 = TSimd.Load(t->Bias + channel), s1 = s0, s2 = s0, s3 = s0;
            var weights = t->Weights + channel;
            for (nint ky = 0; ky < t->KernelHeight; ky++)
            {
                var x = t->Rows[ky] + offset;
                for (nint kx = 0; kx < t->KernelWidth; kx++)
                {
                    var w = TSimd.Load(weights);
                    s0 = TSimd.MultiplyAdd(TSimd.Load(x), w, s0);
                    s1 = TSimd.MultiplyAdd(TSimd.Load(x + step), w, s1);
                    s2 = TSimd.MultiplyAdd(TSimd.Load(x + (2 * step)), w, s2);
                    s3 = TSimd.MultiplyAdd(TSimd.Load(x + (3 * step)), w, s3);
                    x += tap;
                    weights += t->WeightStride;
                }
            }

            TSimd.Store(output, TSimd.Clamp(s0, low, high));
            TSimd.Store(output + t->OutputPixelStride, TSimd.Clamp(s1, low, high));
            TSimd.Store(output + (2 * t->OutputPixelStride), TSimd.Clamp(s2, low, high));
            TSimd.Store(output + (3 * t->OutputPixelStride), TSimd.Clamp(s3, low, high));
            output += 4 * t->OutputPixelStride;
            offset += 4 * step;
        }

        for (; column < endColumn; column++)
        {
            var s = TSimd.Load(t->Bias + channel);
            var weights = t->Weights + channel;
            for (nint ky = 0; ky < t->KernelHeight; ky++)
            {
                var x = t->Rows[ky] + offset;
                for (nint kx = 0; kx < t->KernelWidth; kx++)
                {
                    s = TSimd.MultiplyAdd(TSimd.Load(x), TSimd.Load(weights), s);
                    x += tap;
                    weights += t->WeightStride;
                }
            }

            TSimd.Store(output, TSimd.Clamp(s, low, high));
            output += t->OutputPixelStride;
            offset += step;
        }
    }
}
