using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FromFloat128(float* input, byte* output, nint count, float scale, int zeroPoint, bool isUnsigned)
    {
        var factor = Vector128.Create(1 / scale);
        var (least, most) = Bounds(zeroPoint, isUnsigned);
        var (low, high) = (Vector128.Create(least), Vector128.Create(most));
        var zero = Vector128.Create(zeroPoint);
        nint i = 0;
        for (; i <= count - 16; i += 16)
        {
            var a = Codes128.Round(Codes128.Limit(Vector128.Load(input + i) * factor, low, high)) + zero;
            var b = Codes128.Round(Codes128.Limit(Vector128.Load(input + i + 4) * factor, low, high)) + zero;
            var c = Codes128.Round(Codes128.Limit(Vector128.Load(input + i + 8) * factor, low, high)) + zero;
            var d = Codes128.Round(Codes128.Limit(Vector128.Load(input + i + 12) * factor, low, high)) + zero;
            Codes128.Narrow(a, b, c, d).Store((sbyte*)output + i);
        }

        FromFloat(input + i, output + i, count - i, scale, zeroPoint, isUnsigned);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToFloat128(byte* input, float* output, nint count, float scale, int zeroPoint, bool isUnsigned)
    {
        // A code less its zero point fits into 16 bits.
        var zero = Vector128.Create((short)zeroPoint);
        var factor = Vector128.Create(scale);
        nint i = 0;
        for (; i <= count - 16; i += 16)
        {
            var (low, high) = Codes128.Widen(Vector128.Load(input + i), isUnsigned);
            low -= zero;
            high -= zero;
            (Vector128.ConvertToSingle(Vector128.WidenLower(low)) * factor).Store(output + i);
            (Vector128.ConvertToSingle(Vector128.WidenUpper(low)) * factor).Store(output + i + 4);
            (Vector128.ConvertToSingle(Vector128.WidenLower(high)) * factor).Store(output + i + 8);
            (Vector128.ConvertToSingle(Vector128.WidenUpper(high)) * factor).Store(output + i + 12);
        }

        ToFloat(input + i, output + i, count - i, scale, zeroPoint, isUnsigned);
    }
}
