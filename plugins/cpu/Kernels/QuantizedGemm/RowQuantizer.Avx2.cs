using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class RowQuantizer
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Range256(float* source, nint count, out float least, out float greatest)
    {
        var (low, high) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var (low2, high2) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var strange = Vector256<int>.Zero;
        nint i = 0;
        for (; i + 16 <= count; i += 16)
        {
            var x = Vector256.Load(source + i);
            var y = Vector256.Load(source + i + 8);
            low = Avx.Min(low, x);
            high = Avx.Max(high, x);
            low2 = Avx.Min(low2, y);
            high2 = Avx.Max(high2, y);
            strange |= (x - x).AsInt32() | (y - y).AsInt32();
        }

        for (; i < count; i += 8)
        {
            var x = SimdAvx2.LoadPartial(source + i, Math.Min(count - i, 8));
            low = Avx.Min(low, x);
            high = Avx.Max(high, x);
            strange |= (x - x).AsInt32();
        }

        least = Least(Avx.Min(low, low2));
        greatest = Greatest(Avx.Max(high, high2));
        return strange == Vector256<int>.Zero;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode256(float* source, int k, float scale, int zeroPoint, byte* destination, bool sumsPairs)
    {
        var factor = Vector256.Create(scale);
        var low = Vector256.Create((float)(Lowest - zeroPoint));
        var high = Vector256.Create((float)(Highest - zeroPoint));
        var zero = Vector256.Create(zeroPoint);
        var rest = stackalloc float[BlockLength];
        var total = 0;
        for (var left = k; left > 0; left -= BlockLength)
        {
            if (left < BlockLength)
            {
                source = CopyRest(source, left, rest);
            }

            var x = Code256(Vector256.Load(source), factor, low, high, zero);
            var y = Code256(Vector256.Load(source + 8), factor, low, high, zero);
            var z = Code256(Vector256.Load(source + 16), factor, low, high, zero);
            var w = Code256(Vector256.Load(source + 24), factor, low, high, zero);
            var codes = Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(x, y), Avx2.PackSignedSaturate(z, w));
            codes = Avx2.PermuteVar8x32(codes.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte();
            if (left < BlockLength)
            {
                codes &= Vector256.LessThan(Vector256<sbyte>.Indices, Vector256.Create((sbyte)left));
            }

            total += Finish(codes, destination, sumsPairs);
            source += BlockLength;
            destination += BlockBytes;
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Code256(Vector256<float> value, Vector256<float> scale, Vector256<float> low, Vector256<float> high, Vector256<int> zero) =>
        Avx.ConvertToVector256Int32(Avx.Min(Avx.Max(value * scale, low), high)) + zero;

    /// <summary>Orders a block's codes, stores them with their correction, and sums them up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Finish(Vector256<sbyte> codes, byte* destination, bool sumsPairs)
    {
        codes = Avx2.Shuffle(codes, Vector256.Create(
            0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15, 0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15).AsSByte());
        codes.Store((sbyte*)destination);
        var pairs = Avx2.MultiplyAddAdjacent(Vector256.Create((byte)1), codes);
        var sums = pairs.GetLower() + pairs.GetUpper();
        sums += Sse2.Shuffle(sums.AsInt32(), 0b01_00_11_10).AsInt16();
        sums += Sse2.Shuffle(sums.AsInt32(), 0b00_00_00_01).AsInt16();
        var both = sums.AsInt32()[0];
        var sum = (short)both + (both >> 16);
        *(int*)(destination + BlockLength) = sumsPairs ? (Vector128<short>.Zero - Vector128.ShiftLeft(sums, 3)).AsInt32()[0] : -8 * sum;
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Least(Vector256<float> value)
    {
        var low = Sse.Min(value.GetLower(), value.GetUpper());
        low = Sse.Min(low, Sse.MoveHighToLow(low, low));
        return Math.Min(low[0], low[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Greatest(Vector256<float> value)
    {
        var high = Sse.Max(value.GetLower(), value.GetUpper());
        high = Sse.Max(high, Sse.MoveHighToLow(high, high));
        return Math.Max(high[0], high[1]);
    }
}
