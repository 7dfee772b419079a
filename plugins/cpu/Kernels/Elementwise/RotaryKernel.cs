using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Rotary positions of rows (a, b) of two halves: (a * c - b * s, b * c' + a * s'). Every product is rounded, as if each operation were one of its own.
/// </summary>
internal static unsafe class RotaryKernel
{
    /// <summary>The kernel of a rung.</summary>
    public static delegate*<in RotaryRows, void> Get(InstructionSet isa) => CpuFeatures.ToFloat(isa) switch
    {
        InstructionSet.Avx512 => &Run<Vector512Isa, Vector512<float>>,
        InstructionSet.Avx2 => &Run<Vector256Isa, Vector256<float>>,
        InstructionSet.AdvSimd => &Run<AdvSimdIsa, Vector128<float>>,
        InstructionSet.Vector128 => &Run<Vector128Isa, Vector128<float>>,
        _ => &Run<ScalarIsa, float>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TIsa, TVec>(in RotaryRows rows)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
    {
        var half = rows.Half;
        var x = rows.X;
        var y = rows.Y;
        var c = rows.FirstOfFirst;
        var s = rows.SecondOfFirst;
        var c2 = rows.SecondOfSecond;
        var s2 = rows.FirstOfSecond;
        for (var row = rows.Count; row > 0; row--)
        {
            nint i = 0;
            for (; i <= half - TIsa.Lanes; i += TIsa.Lanes)
            {
                var a = TIsa.Load(x + i);
                var b = TIsa.Load(x + half + i);
                TIsa.Store(TIsa.Subtract(TIsa.Multiply(a, TIsa.Load(c + i)), TIsa.Multiply(b, TIsa.Load(s + i))), y + i);
                TIsa.Store(TIsa.Add(TIsa.Multiply(b, TIsa.Load(c2 + i)), TIsa.Multiply(a, TIsa.Load(s2 + i))), y + half + i);
            }

            for (; i < half; i++)
            {
                var (a, b) = (x[i], x[half + i]);
                y[i] = (a * c[i]) - (b * s[i]);
                y[half + i] = (b * c2[i]) + (a * s2[i]);
            }

            x += rows.XStep;
            y += rows.YStep;
            c += rows.FactorStep;
            s += rows.FactorStep;
            c2 += rows.FactorStep;
            s2 += rows.FactorStep;
        }
    }
}
