using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Softmax of rows; input and output may be the same memory.</summary>
internal static unsafe class SoftmaxKernel
{
    /// <summary>The kernel (input, output, rows, columns) of a rung.</summary>
    public static delegate*<float*, float*, nint, nint, void> Get(InstructionSet isa) => CpuFeatures.ToFloat(isa) switch
    {
        InstructionSet.Avx512 => &Run<Vector512Isa, Vector512<float>>,
        InstructionSet.Avx2 => &Run<Vector256Isa, Vector256<float>>,
        InstructionSet.AdvSimd => &Run<AdvSimdIsa, Vector128<float>>,
        InstructionSet.Vector128 => &Run<Vector128Isa, Vector128<float>>,
        _ => &Run<ScalarIsa, float>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TIsa, TVec>(float* input, float* output, nint rows, nint columns)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
    {
        for (nint row = 0; row < rows; row++, input += columns, output += columns)
        {
            var greatest = TIsa.Set(float.NegativeInfinity);
            nint i = 0;
            for (; i <= columns - TIsa.Lanes; i += TIsa.Lanes)
            {
                greatest = TIsa.Maximum(greatest, TIsa.Load(input + i));
            }

            var max = TIsa.GreatestLane(greatest);
            var tail = i;
            for (; i < columns; i++)
            {
                max = MathF.Max(max, input[i]);
            }

            Divide<TIsa, TVec>(input, output, columns, tail, max);
        }
    }

    /// <summary>The exponentials of a row, over their sum.</summary>
    /// <param name="input">The row.</param>
    /// <param name="output">Receives it; may be the same memory.</param>
    /// <param name="columns">Elements of the row.</param>
    /// <param name="tail">First element behind the last whole register.</param>
    /// <param name="max">The greatest element; NaN if one is.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Divide<TIsa, TVec>(float* input, float* output, nint columns, nint tail, float max)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
    {
        var shift = TIsa.Set(max);
        var sums = TIsa.Set(0f);
        for (nint i = 0; i < tail; i += TIsa.Lanes)
        {
            var e = VectorMath<TIsa, TVec>.ExpOfNegative(TIsa.Subtract(TIsa.Load(input + i), shift));
            sums = TIsa.Add(sums, e);
            TIsa.Store(e, output + i);
        }

        var sum = TIsa.Sum(sums);
        if (tail < columns)
        {
            var bytes = (uint)((columns - tail) * sizeof(float));
            var x = shift;
            Unsafe.CopyBlockUnaligned(&x, input + tail, bytes);
            x = VectorMath<TIsa, TVec>.ExpOfNegative(TIsa.Subtract(x, shift));
            for (nint lane = 0; lane < columns - tail; lane++)
            {
                sum += ((float*)&x)[lane];
            }

            Unsafe.CopyBlockUnaligned(output + tail, &x, bytes);
        }

        // One division a row; the product differs from a quotient by at most one unit in the last place.
        var scale = TIsa.Set(1f / sum);
        for (nint i = 0; i < tail; i += TIsa.Lanes)
        {
            TIsa.Store(TIsa.Multiply(TIsa.Load(output + i), scale), output + i);
        }

        for (var i = tail; i < columns; i++)
        {
            output[i] /= sum;
        }
    }
}
