using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Limits;

/// <summary>Multiply-adds in registers only: what the machine gives at this instant.</summary>
internal static unsafe class FmaPeak
{
    private static float _sink;

    /// <summary>GFLOP/s of one thread, from about 20 microseconds.</summary>
    public static double Measure(InstructionSet instructionSet) => CpuFeatures.ToFloat(instructionSet) switch
    {
        InstructionSet.Avx512 => One<SimdAvx512, Vector512<float>>(),
        InstructionSet.Avx2 => One<SimdAvx2, Vector256<float>>(),
        InstructionSet.AdvSimd => One<SimdAdvSimd, Vector128<float>>(),
        InstructionSet.Vector128 => One<SimdVector128, Vector128<float>>(),
        _ => One<SimdScalar, float>(),
    };

    private static double One<TSimd, V>()
        where TSimd : struct, ISimd<V>
        where V : unmanaged
    {
        const int steps = 4000;
        var start = Stopwatch.GetTimestamp();
        _sink += Loop<TSimd, V>(steps);
        var ticks = Stopwatch.GetTimestamp() - start;
        return 2.0 * 10 * steps * TSimd.Width / (ticks * 1e9 / Stopwatch.Frequency);
    }

    // No call inside: registers would not survive it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop<TSimd, V>(nint steps)
        where TSimd : struct, ISimd<V>
        where V : unmanaged
    {
        var x = TSimd.Broadcast(0.999f);
        var y = TSimd.Broadcast(0.001f);
        V a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
        for (nint s = 0; s < steps; s++)
        {
            a = TSimd.MultiplyAdd(x, y, a);
            b = TSimd.MultiplyAdd(x, y, b);
            c = TSimd.MultiplyAdd(x, y, c);
            d = TSimd.MultiplyAdd(x, y, d);
            e = TSimd.MultiplyAdd(x, y, e);
            f = TSimd.MultiplyAdd(x, y, f);
            g = TSimd.MultiplyAdd(x, y, g);
            h = TSimd.MultiplyAdd(x, y, h);
            i = TSimd.MultiplyAdd(x, y, i);
            j = TSimd.MultiplyAdd(x, y, j);
        }

        var sum = TSimd.Add(TSimd.Add(TSimd.Add(a, b), TSimd.Add(c, d)), TSimd.Add(TSimd.Add(e, f), TSimd.Add(TSimd.Add(g, h), TSimd.Add(i, j))));
        return TSimd.Sum(sum);
    }
}
