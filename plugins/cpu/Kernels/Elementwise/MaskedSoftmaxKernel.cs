using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Softmax of rows of scores, scaled and with a mask added, in place: what stands between the two products of attention.</summary>
internal static unsafe class MaskedSoftmaxKernel
{
    /// <summary>
    /// The kernel (scores, scoreStride, mask, maskStride, scale, rows, columns) of a rung; strides from a row to the next, in elements; the mask may be null.
    /// </summary>
    public static delegate*<float*, nint, float*, nint, float, nint, nint, void> Get(InstructionSet isa) => CpuFeatures.ToFloat(isa) switch
    {
        InstructionSet.Avx512 => &Run<Vector512Isa, Vector512<float>>,
        InstructionSet.Avx2 => &Run<Vector256Isa, Vector256<float>>,
        InstructionSet.AdvSimd => &Run<AdvSimdIsa, Vector128<float>>,
        InstructionSet.Vector128 => &Run<Vector128Isa, Vector128<float>>,
        _ => &Run<ScalarIsa, float>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TIsa, TVec>(float* scores, nint scoreStride, float* mask, nint maskStride, float scale, nint rows, nint columns)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
    {
        var factor = TIsa.Set(scale);
        for (nint row = 0; row < rows; row++, scores += scoreStride, mask += maskStride)
        {
            var greatest = TIsa.Set(float.NegativeInfinity);
            nint i = 0;
            for (; i <= columns - TIsa.Lanes; i += TIsa.Lanes)
            {
                var x = TIsa.Multiply(TIsa.Load(scores + i), factor);
                x = mask == null ? x : TIsa.Add(x, TIsa.Load(mask + i));
                TIsa.Store(x, scores + i);
                greatest = TIsa.Maximum(greatest, x);
            }

            var max = TIsa.GreatestLane(greatest);
            var tail = i;
            for (; i < columns; i++)
            {
                var x = scores[i] * scale;
                scores[i] = mask == null ? x : x + mask[i];
                max = MathF.Max(max, scores[i]);
            }

            SoftmaxKernel.Divide<TIsa, TVec>(scores, scores, columns, tail, max);
        }
    }
}
