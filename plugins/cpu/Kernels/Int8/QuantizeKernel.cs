using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Floats to bytes and back. A code is kept as a signed byte, or as an unsigned one: <c>isUnsigned</c> says which, and the zero point is of that range.
/// </summary>
internal static unsafe partial class QuantizeKernel
{
    /// <summary>
    /// The kernel (input, output, count, scale, zero point, isUnsigned) of a rung: code = clamp(round(x / scale)) + zero point, half to even; NaN gives the
    /// greatest code.
    /// </summary>
    public static delegate*<float*, byte*, nint, float, int, bool, void> FromFloat(InstructionSet rung) => rung switch
    {
        >= InstructionSet.Avx2 => &FromFloat256,
        InstructionSet.Scalar => &FromFloat,
        _ => &FromFloat128,
    };

    /// <summary>The kernel (input, output, count, scale, zero point, isUnsigned) of a rung: x = (code - zero point) * scale.</summary>
    public static delegate*<byte*, float*, nint, float, int, bool, void> ToFloat(InstructionSet rung) => rung switch
    {
        >= InstructionSet.Avx2 => &ToFloat256,
        InstructionSet.Scalar => &ToFloat,
        _ => &ToFloat128,
    };

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FromFloat(float* input, byte* output, nint count, float scale, int zeroPoint, bool isUnsigned)
    {
        var inverse = 1 / scale;
        var (low, high) = Bounds(zeroPoint, isUnsigned);
        for (nint i = 0; i < count; i++)
        {
            var x = input[i] * inverse;
            x = x < high ? x : high;
            x = x > low ? x : low;
            output[i] = (byte)((int)MathF.Round(x) + zeroPoint);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToFloat(byte* input, float* output, nint count, float scale, int zeroPoint, bool isUnsigned)
    {
        for (nint i = 0; i < count; i++)
        {
            output[i] = ((isUnsigned ? input[i] : (sbyte)input[i]) - zeroPoint) * scale;
        }
    }

    /// <summary>What a number is limited to before the zero point is added.</summary>
    private static (float Low, float High) Bounds(int zeroPoint, bool isUnsigned) => isUnsigned ? (0 - zeroPoint, 255 - zeroPoint) : (-128 - zeroPoint, 127 - zeroPoint);
}
