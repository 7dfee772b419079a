using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Floats to bytes and back. A code is kept as a signed byte, or as an unsigned one: <c>isUnsigned</c> says which, and the zero point is of that range.
/// </summary>
internal static unsafe class QuantizeKernel
{
    /// <summary>code = clamp(round(x / scale)) + zero point, half to even; NaN gives the greatest code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromFloat(float* input, byte* output, nint count, float scale, int zeroPoint, bool isUnsigned, bool isVectorised)
    {
        var inverse = 1 / scale;
        var (lowest, highest) = isUnsigned ? (0, 255) : (-128, 127);
        float low = lowest - zeroPoint;
        float high = highest - zeroPoint;
        nint i = 0;
        if (Avx2.IsSupported && isVectorised)
        {
            // Unsigned codes are packed as signed ones, 128 less, and turned back.
            var shift = isUnsigned ? zeroPoint - 128 : zeroPoint;
            var flip = Vector128.Create((sbyte)(isUnsigned ? -128 : 0));
            var factor = Vector256.Create(inverse);
            var (least, most) = (Vector256.Create(low), Vector256.Create(high));
            var zero = Vector256.Create(shift);
            for (; i <= count - 16; i += 16)
            {
                var x = Avx.Max(Avx.Min(Avx.Multiply(Vector256.Load(input + i), factor), most), least);
                var y = Avx.Max(Avx.Min(Avx.Multiply(Vector256.Load(input + i + 8), factor), most), least);
                var words = Avx2.PackSignedSaturate(
                    Avx2.Add(Avx.ConvertToVector256Int32(x), zero), Avx2.Add(Avx.ConvertToVector256Int32(y), zero));
                words = Avx2.Permute4x64(words.AsInt64(), 0b11_01_10_00).AsInt16();
                (Sse2.PackSignedSaturate(words.GetLower(), words.GetUpper()) ^ flip).Store((sbyte*)output + i);
            }
        }

        for (; i < count; i++)
        {
            var x = input[i] * inverse;
            x = x < high ? x : high;
            x = x > low ? x : low;
            output[i] = (byte)((int)MathF.Round(x) + zeroPoint);
        }
    }

    /// <summary>x = (code - zero point) * scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToFloat(byte* input, float* output, nint count, float scale, int zeroPoint, bool isUnsigned, bool isVectorised)
    {
        nint i = 0;
        if (Avx2.IsSupported && isVectorised)
        {
            var zero = Vector256.Create(zeroPoint);
            var factor = Vector256.Create(scale);
            for (; i <= count - 8; i += 8)
            {
                var codes = isUnsigned ? Avx2.ConvertToVector256Int32(input + i) : Avx2.ConvertToVector256Int32((sbyte*)input + i);
                Avx.Multiply(Avx.ConvertToVector256Single(Avx2.Subtract(codes, zero)), factor).Store(output + i);
            }
        }

        for (; i < count; i++)
        {
            output[i] = ((isUnsigned ? input[i] : (sbyte)input[i]) - zeroPoint) * scale;
        }
    }

    /// <summary>Each byte through a table of 256.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map(byte* input, byte* output, nint count, byte* table)
    {
        nint i = 0;
        for (; i <= count - 4; i += 4)
        {
            var (a, b, c, d) = (table[input[i]], table[input[i + 1]], table[input[i + 2]], table[input[i + 3]]);
            output[i] = a;
            output[i + 1] = b;
            output[i + 2] = c;
            output[i + 3] = d;
        }

        for (; i < count; i++)
        {
            output[i] = table[input[i]];
        }
    }
}
