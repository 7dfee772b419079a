using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FromFloat256(float* input, byte* output, nint count, float scale, int zeroPoint, bool isUnsigned)
    {
        // Unsigned codes are packed as signed ones, 128 less, and turned back.
        var shift = isUnsigned ? zeroPoint - 128 : zeroPoint;
        var flip = Vector128.Create((sbyte)(isUnsigned ? -128 : 0));
        var factor = Vector256.Create(1 / scale);
        var (low, high) = Bounds(zeroPoint, isUnsigned);
        var (least, most) = (Vector256.Create(low), Vector256.Create(high));
        var zero = Vector256.Create(shift);
        nint i = 0;
        for (; i <= count - 16; i += 16)
        {
            var x = Avx.Max(Avx.Min(Avx.Multiply(Vector256.Load(input + i), factor), most), least);
            var y = Avx.Max(Avx.Min(Avx.Multiply(Vector256.Load(input + i + 8), factor), most), least);
            var words = Avx2.PackSignedSaturate(
                Avx2.Add(Avx.ConvertToVector256Int32(x), zero), Avx2.Add(Avx.ConvertToVector256Int32(y), zero));
            words = Avx2.Permute4x64(words.AsInt64(), 0b11_01_10_00).AsInt16();
            (Sse2.PackSignedSaturate(words.GetLower(), words.GetUpper()) ^ flip).Store((sbyte*)output + i);
        }

        FromFloat(input + i, output + i, count - i, scale, zeroPoint, isUnsigned);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToFloat256(byte* input, float* output, nint count, float scale, int zeroPoint, bool isUnsigned)
    {
        var zero = Vector256.Create(zeroPoint);
        var factor = Vector256.Create(scale);
        nint i = 0;
        for (; i <= count - 8; i += 8)
        {
            var codes = isUnsigned ? Avx2.ConvertToVector256Int32(input + i) : Avx2.ConvertToVector256Int32((sbyte*)input + i);
            Avx.Multiply(Avx.ConvertToVector256Single(Avx2.Subtract(codes, zero)), factor).Store(output + i);
        }

        ToFloat(input + i, output + i, count - i, scale, zeroPoint, isUnsigned);
    }
}
