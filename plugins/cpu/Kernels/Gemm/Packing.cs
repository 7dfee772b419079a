using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Brings matrices into panels: destination[k][lane], lanes beyond the matrix zero.</summary>
internal static unsafe class Packing
{
    /// <summary>One panel from rows of K: source[lane * rowStride + k].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, nint rowStride, int lanes, int k, float* destination, int width)
    {
        var lane = 0;
        if (Sse.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            for (; lane + 4 <= lanes; lane += 4)
            {
                var r0 = source + (lane * rowStride);
                var r1 = r0 + rowStride;
                var r2 = r1 + rowStride;
                var r3 = r2 + rowStride;
                var o = destination + lane;
                nint i = 0;
                for (; i + 4 <= k; i += 4)
                {
                    Transpose4x4(Vector128.Load(r0 + i), Vector128.Load(r1 + i), Vector128.Load(r2 + i), Vector128.Load(r3 + i), o, width);
                    o += 4 * width;
                }

                for (; i < k; i++)
                {
                    o[0] = r0[i];
                    o[1] = r1[i];
                    o[2] = r2[i];
                    o[3] = r3[i];
                    o += width;
                }
            }
        }

        for (; lane < lanes; lane++)
        {
            var row = source + (lane * rowStride);
            var o = destination + lane;
            for (nint i = 0; i < k; i++)
            {
                *o = row[i];
                o += width;
            }
        }

        ClearLanes(destination, lanes, k, width);
    }

    /// <summary>One panel from rows of N: source[k * rowStride + lane].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint rowStride, int lanes, int k, float* destination, int width)
    {
        if (lanes == 16 && width == 16)
        {
            for (var i = 0; i < k; i++)
            {
                var a = Vector256.Load(source);
                var b = Vector256.Load(source + 8);
                a.Store(destination);
                b.Store(destination + 8);
                source += rowStride;
                destination += 16;
            }

            return;
        }

        if (lanes == 8 && width == 8)
        {
            for (var i = 0; i < k; i++)
            {
                Vector256.Load(source).Store(destination);
                source += rowStride;
                destination += 8;
            }

            return;
        }

        for (var i = 0; i < k; i++)
        {
            for (var lane = 0; lane < lanes; lane++)
            {
                destination[lane] = source[lane];
            }

            for (var lane = lanes; lane < width; lane++)
            {
                destination[lane] = 0;
            }

            source += rowStride;
            destination += width;
        }
    }

    private static void ClearLanes(float* destination, int lanes, int k, int width)
    {
        if (lanes == width)
        {
            return;
        }

        for (var i = 0; i < k; i++)
        {
            for (var lane = lanes; lane < width; lane++)
            {
                destination[lane] = 0;
            }

            destination += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, float* o, nint stride)
    {
        if (Sse.IsSupported)
        {
            var ab = Sse.UnpackLow(a, b);
            var cd = Sse.UnpackLow(c, d);
            var ab2 = Sse.UnpackHigh(a, b);
            var cd2 = Sse.UnpackHigh(c, d);
            Sse.MoveLowToHigh(ab, cd).Store(o);
            Sse.MoveHighToLow(cd, ab).Store(o + stride);
            Sse.MoveLowToHigh(ab2, cd2).Store(o + (2 * stride));
            Sse.MoveHighToLow(cd2, ab2).Store(o + (3 * stride));
        }
        else
        {
            var ac = AdvSimd.Arm64.ZipLow(a, c);
            var bd = AdvSimd.Arm64.ZipLow(b, d);
            var ac2 = AdvSimd.Arm64.ZipHigh(a, c);
            var bd2 = AdvSimd.Arm64.ZipHigh(b, d);
            AdvSimd.Arm64.ZipLow(ac, bd).Store(o);
            AdvSimd.Arm64.ZipHigh(ac, bd).Store(o + stride);
            AdvSimd.Arm64.ZipLow(ac2, bd2).Store(o + (2 * stride));
            AdvSimd.Arm64.ZipHigh(ac2, bd2).Store(o + (3 * stride));
        }
    }
}
