using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class RowQuantizer
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Range128(float* source, nint count, out float least, out float greatest)
    {
        var (low, high) = (Vector128<float>.Zero, Vector128<float>.Zero);
        var strange = Vector128<int>.Zero;
        nint i = 0;
        for (; i + 4 <= count; i += 4)
        {
            var x = Vector128.Load(source + i);
            low = Vector128.MinNative(low, x);
            high = Vector128.MaxNative(high, x);
            strange |= (x - x).AsInt32();
        }

        var isFinite = Range(source + i, count - i, out least, out greatest);
        for (var lane = 0; lane < 4; lane++)
        {
            least = low[lane] < least ? low[lane] : least;
            greatest = high[lane] > greatest ? high[lane] : greatest;
        }

        return isFinite && strange == Vector128<int>.Zero;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Encode128(float* source, int k, float scale, int zeroPoint, byte* destination, bool sumsPairs)
    {
        var rest = stackalloc float[BlockLength];
        var order = Vector128.Create((sbyte)0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
        var total = 0;
        for (var left = k; left > 0; left -= BlockLength)
        {
            if (left < BlockLength)
            {
                source = CopyRest(source, left, rest);
            }

            var x = Codes128(source, scale, zeroPoint);
            var y = Codes128(source + 16, scale, zeroPoint);
            if (left < BlockLength)
            {
                x &= Vector128.LessThan(Vector128<sbyte>.Indices, Vector128.Create((sbyte)left));
                y &= Vector128.LessThan(Vector128<sbyte>.Indices, Vector128.Create((sbyte)(left - 16)));
            }

            x = Vector128.Shuffle(x, order);
            y = Vector128.Shuffle(y, order);
            x.Store((sbyte*)destination);
            y.Store((sbyte*)destination + 16);
            var pairs = Pairs(x) + Pairs(y);
            var even = (short)(pairs[0] + pairs[2] + pairs[4] + pairs[6]);
            var odd = (short)(pairs[1] + pairs[3] + pairs[5] + pairs[7]);
            var sum = even + odd;
            *(int*)(destination + BlockLength) = sumsPairs ? (-8 * even & 0xFFFF) | (-8 * odd << 16) : -8 * sum;
            total += sum;
            source += BlockLength;
            destination += BlockBytes;
        }

        return total;
    }

    // Bytes 0 and 1, 2 and 3, ...: sums of 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<sbyte> codes) =>
        Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(codes.AsInt16(), 8), 8) + Vector128.ShiftRightArithmetic(codes.AsInt16(), 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Codes128(float* source, float scale, int zeroPoint) => Vector128.Narrow(
        Vector128.Narrow(Code128(source, scale, zeroPoint), Code128(source + 4, scale, zeroPoint)),
        Vector128.Narrow(Code128(source + 8, scale, zeroPoint), Code128(source + 12, scale, zeroPoint)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Code128(float* source, float scale, int zeroPoint)
    {
        var low = Vector128.Create((float)(Lowest - zeroPoint));
        var high = Vector128.Create((float)(Highest - zeroPoint));
        var scaled = Vector128.MinNative(Vector128.MaxNative(Vector128.Load(source) * Vector128.Create(scale), low), high);
        var rounded = AdvSimd.IsSupported ? AdvSimd.ConvertToInt32RoundToEven(scaled) : Vector128.ConvertToInt32(Vector128.Round(scaled));
        return rounded + Vector128.Create(zeroPoint);
    }
}
