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
    public static void Transpose<E>(E* source, nint rowStride, int lanes, int k, E* destination, int width)
        where E : unmanaged
    {
        var lane = 0;
        if (Sse2.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            if (sizeof(E) == sizeof(float))
            {
                lane = Transpose((float*)source, rowStride, lanes, k, (float*)destination, width);
            }
            else if (sizeof(E) == sizeof(ushort))
            {
                lane = Transpose((ushort*)source, rowStride, lanes, k, (ushort*)destination, width);
            }
        }

        for (; lane < lanes; lane++)
        {
            Transpose(source + (lane * rowStride), 0, k, destination + lane, width);
        }

        ClearLanes(destination, lanes, k, width);
    }

    /// <summary>One panel from rows of N: source[k * rowStride + lane].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy<E>(E* source, nint rowStride, int lanes, int k, E* destination, int width)
        where E : unmanaged
    {
        var bytes = lanes * sizeof(E);
        if (lanes == width && bytes % Vector128<byte>.Count == 0)
        {
            for (var i = 0; i < k; i++)
            {
                for (var offset = 0; offset < bytes; offset += Vector128<byte>.Count)
                {
                    Vector128.Load((byte*)source + offset).Store((byte*)destination + offset);
                }

                source += rowStride;
                destination += width;
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
                destination[lane] = default;
            }

            source += rowStride;
            destination += width;
        }
    }

    // Whole groups of four lanes; gives the number of lanes done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Transpose(float* source, nint rowStride, int lanes, int k, float* destination, int width)
    {
        var lane = 0;
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

            for (var row = 0; row < 4; row++)
            {
                Transpose(r0 + (row * rowStride), i, k, destination + lane + row, width);
            }
        }

        return lane;
    }

    // Whole groups of eight lanes; gives the number of lanes done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Transpose(ushort* source, nint rowStride, int lanes, int k, ushort* destination, int width)
    {
        var lane = 0;
        for (; lane + 8 <= lanes; lane += 8)
        {
            var rows = source + (lane * rowStride);
            var o = destination + lane;
            nint i = 0;
            for (; i + 8 <= k; i += 8)
            {
                Transpose8x8(rows + i, rowStride, o, width);
                o += 8 * width;
            }

            for (var row = 0; row < 8; row++)
            {
                Transpose(rows + (row * rowStride), i, k, destination + lane + row, width);
            }
        }

        return lane;
    }

    // One lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose<E>(E* row, nint first, int k, E* destination, int width)
        where E : unmanaged
    {
        for (var i = first; i < k; i++)
        {
            destination[i * width] = row[i];
        }
    }

    private static void ClearLanes<E>(E* destination, int lanes, int k, int width)
        where E : unmanaged
    {
        if (lanes == width)
        {
            return;
        }

        for (var i = 0; i < k; i++)
        {
            for (var lane = lanes; lane < width; lane++)
            {
                destination[lane] = default;
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

    // Three times the rows of the upper half between those of the lower half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x8(ushort* rows, nint rowStride, ushort* o, nint stride)
    {
        var r0 = Vector128.Load(rows);
        var r1 = Vector128.Load(rows + rowStride);
        var r2 = Vector128.Load(rows + (2 * rowStride));
        var r3 = Vector128.Load(rows + (3 * rowStride));
        var r4 = Vector128.Load(rows + (4 * rowStride));
        var r5 = Vector128.Load(rows + (5 * rowStride));
        var r6 = Vector128.Load(rows + (6 * rowStride));
        var r7 = Vector128.Load(rows + (7 * rowStride));
        for (var round = 0; round < 3; round++)
        {
            (r0, r1, r2, r3, r4, r5, r6, r7) = (Low(r0, r4), High(r0, r4), Low(r1, r5), High(r1, r5), Low(r2, r6), High(r2, r6), Low(r3, r7), High(r3, r7));
        }

        r0.Store(o);
        r1.Store(o + stride);
        r2.Store(o + (2 * stride));
        r3.Store(o + (3 * stride));
        r4.Store(o + (4 * stride));
        r5.Store(o + (5 * stride));
        r6.Store(o + (6 * stride));
        r7.Store(o + (7 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Low(Vector128<ushort> even, Vector128<ushort> odd) =>
        Sse2.IsSupported ? Sse2.UnpackLow(even, odd) : AdvSimd.Arm64.ZipLow(even, odd);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> High(Vector128<ushort> even, Vector128<ushort> odd) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(even, odd) : AdvSimd.Arm64.ZipHigh(even, odd);
}
