using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Sums, differences and products of codes, a row at a time; a step of 0 keeps an operand. The output may be the memory of either operand.</summary>
internal static unsafe partial class QuantizedBinaryKernel
{
    /// <summary>The kernel (parameters, first and second operand, output, count, their steps) of a rung.</summary>
    public static delegate*<in QuantizedBinaryParameters, byte*, byte*, byte*, nint, nint, nint, void> Get(InstructionSet rung) => rung switch
    {
        >= InstructionSet.Avx2 => &Run256,
        InstructionSet.Scalar => &Run,
        _ => &Run128,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run(in QuantizedBinaryParameters p, byte* a, byte* b, byte* output, nint count, nint stepA, nint stepB)
    {
        for (nint i = 0; i < count; i++)
        {
            var (x, y) = (a[i * stepA], b[i * stepB]);
            var (u, v) = p.IsUnsigned ? (x, y) : ((int)(sbyte)x, (int)(sbyte)y);
            if (p.IsProduct)
            {
                var z = (u - p.FirstZeroPoint) * (v - p.SecondZeroPoint) * p.Scale;
                float high = p.Maximum - p.ZeroPoint;
                float low = p.Minimum - p.ZeroPoint;
                z = z < high ? z : high;
                z = z > low ? z : low;
                output[i] = (byte)((int)MathF.Round(z) + p.ZeroPoint);
            }
            else
            {
                output[i] = (byte)Math.Min(Math.Max(((p.Offset + (u * p.First) + (v * p.Second)) >> p.Shift) + p.ZeroPoint, p.Minimum), p.Maximum);
            }
        }
    }
}
