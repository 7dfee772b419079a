using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class RowQuantizer
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Range512(float* source, nint count, out float least, out float greatest)
    {
        var (low, high) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (low2, high2) = (Vector512<float>.Zero, Vector512<float>.Zero);

        // A difference with itself is 0 for numbers and NaN for the rest.
        var strange = Vector512<int>.Zero;
        nint i = 0;
        for (; i + 32 <= count; i += 32)
        {
            var x = Vector512.Load(source + i);
            var y = Vector512.Load(source + i + 16);
            low = Avx512F.Min(low, x);
            high = Avx512F.Max(high, x);
            low2 = Avx512F.Min(low2, y);
            high2 = Avx512F.Max(high2, y);
            strange |= (x - x).AsInt32() | (y - y).AsInt32();
        }

        for (; i < count; i += 16)
        {
            var x = SimdAvx512.LoadPartial(source + i, Math.Min(count - i, 16));
            low = Avx512F.Min(low, x);
            high = Avx512F.Max(high, x);
            strange |= (x - x).AsInt32();
        }

        low = Avx512F.Min(low, low2);
        high = Avx512F.Max(high, high2);
        least = Least(Avx.Min(low.GetLower(), low.GetUpper()));
        greatest = Greatest(Avx.Max(high.GetLower(), high.GetUpper()));
        return strange == Vector512<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode512(float* source, int k, float scale, int zeroPoint, byte* destination, bool sumsPairs)
    {
        var factor = Vector512.Create(scale);
        var low = Vector512.Create((float)(Lowest - zeroPoint));
        var high = Vector512.Create((float)(Highest - zeroPoint));
        var zero = Vector512.Create(zeroPoint);
        var total = 0;
        for (var left = k; left > 0; left -= BlockLength)
        {
            Vector512<int> x;
            Vector512<int> y;
            if (left >= BlockLength)
            {
                x = Code512(Vector512.Load(source), factor, low, high, zero);
                y = Code512(Vector512.Load(source + 16), factor, low, high, zero);
            }
            else
            {
                x = Code512(SimdAvx512.LoadPartial(source, Math.Min(left, 16)), factor, low, high, zero);
                y = left <= 16 ? Vector512<int>.Zero : Code512(SimdAvx512.LoadPartial(source + 16, left - 16), factor, low, high, zero);
                x &= Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(left));
                y &= Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(left - 16));
            }

            var codes = Vector256.Create(Avx512F.ConvertToVector128SByte(x), Avx512F.ConvertToVector128SByte(y));
            total += Finish(codes, destination, sumsPairs);
            source += BlockLength;
            destination += BlockBytes;
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Code512(Vector512<float> value, Vector512<float> scale, Vector512<float> low, Vector512<float> high, Vector512<int> zero) =>
        Avx512F.ConvertToVector512Int32(Avx512F.Min(Avx512F.Max(value * scale, low), high)) + zero;
}
