using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One output pixel between four input pixels, all channels.</summary>
internal static unsafe class BilinearKernel
{
    /// <summary>The kernel (top left, top right, bottom left, bottom right, weight of right, weight of bottom, output, channels) of a rung.</summary>
    public static delegate*<float*, float*, float*, float*, float, float, float*, nint, void> Get(InstructionSet instructionSet) => CpuFeatures.ToFloat(instructionSet) switch
    {
        InstructionSet.Avx512 => &Run<Vector512Isa, Vector512<float>>,
        InstructionSet.Avx2 => &Run<Vector256Isa, Vector256<float>>,
        InstructionSet.AdvSimd => &Run<AdvSimdIsa, Vector128<float>>,
        InstructionSet.Vector128 => &Run<Vector128Isa, Vector128<float>>,
        _ => &Run<ScalarIsa, float>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TIsa, TVec>(
        float* topLeft, float* topRight, float* bottomLeft, float* bottomRight, float right, float bottom, float* output, nint channels)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
    {
        var (vr, vb) = (TIsa.Set(right), TIsa.Set(bottom));
        var (vl, vt) = (TIsa.Set(1 - right), TIsa.Set(1 - bottom));
        nint c = 0;
        for (; c <= channels - TIsa.Lanes; c += TIsa.Lanes)
        {
            var top = TIsa.MultiplyAdd(TIsa.Load(topLeft + c), vl, TIsa.Multiply(TIsa.Load(topRight + c), vr));
            var low = TIsa.MultiplyAdd(TIsa.Load(bottomLeft + c), vl, TIsa.Multiply(TIsa.Load(bottomRight + c), vr));
            TIsa.Store(TIsa.MultiplyAdd(top, vt, TIsa.Multiply(low, vb)), output + c);
        }

        for (; c < channels; c++)
        {
            var top = (topLeft[c] * (1 - right)) + (topRight[c] * right);
            var low = (bottomLeft[c] * (1 - right)) + (bottomRight[c] * right);
            output[c] = (top * (1 - bottom)) + (low * bottom);
        }
    }
}
