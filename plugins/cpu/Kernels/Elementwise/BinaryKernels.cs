using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Element-wise functions of two tensors, row by row; the output may be the memory of either operand.</summary>
internal static unsafe class BinaryKernels
{
    /// <summary>
    /// The kernel (layout, a, b, output, rows, elements of a row) of a function on a rung; rows of the output follow each other.
    /// </summary>
    public static delegate*<in BinaryRows, float*, float*, float*, nint, nint, void> Get(BinaryKind kind, InstructionSet isa) => CpuFeatures.ToFloat(isa) switch
    {
        InstructionSet.Avx512 => Get<Vector512Isa, Vector512<float>>(kind),
        InstructionSet.Avx2 => Get<Vector256Isa, Vector256<float>>(kind),
        InstructionSet.AdvSimd => Get<AdvSimdIsa, Vector128<float>>(kind),
        InstructionSet.Vector128 => Get<Vector128Isa, Vector128<float>>(kind),
        _ => Get<ScalarIsa, float>(kind),
    };

    private static delegate*<in BinaryRows, float*, float*, float*, nint, nint, void> Get<TIsa, TVec>(BinaryKind kind)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged => kind switch
        {
            BinaryKind.Add => &Run<TIsa, TVec, BinaryFunctions.Add>,
            BinaryKind.Subtract => &Run<TIsa, TVec, BinaryFunctions.Subtract>,
            BinaryKind.Multiply => &Run<TIsa, TVec, BinaryFunctions.Multiply>,
            BinaryKind.Divide => &Run<TIsa, TVec, BinaryFunctions.Divide>,
            BinaryKind.Minimum => &Run<TIsa, TVec, BinaryFunctions.Minimum>,
            BinaryKind.Maximum => &Run<TIsa, TVec, BinaryFunctions.Maximum>,
            BinaryKind.PRelu => &Run<TIsa, TVec, BinaryFunctions.PRelu>,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Run<TIsa, TVec, TFunction>(in BinaryRows layout, float* a, float* b, float* output, nint rows, nint count)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
        where TFunction : IBinaryFunction
    {
        if (count == 0)
        {
            return;
        }

        var low = TIsa.Set(layout.Minimum);
        var high = TIsa.Set(layout.Maximum);
        var whole = count - (count % TIsa.Lanes);
        for (; rows > 0; rows--, a += layout.RowStrideA, b += layout.RowStrideB, output += count)
        {
            var first = TIsa.Set(*a);
            var second = TIsa.Set(*b);
            nint i = 0;
            if (layout.StepA == 1 && layout.StepB == 1)
            {
                for (; i < whole; i += TIsa.Lanes)
                {
                    var c = TFunction.Apply<TIsa, TVec>(TIsa.Load(a + i), TIsa.Load(b + i));
                    TIsa.Store(TIsa.MinKeep(high, TIsa.MaxKeep(low, c)), output + i);
                }
            }
            else if (layout.StepA == 1)
            {
                for (; i < whole; i += TIsa.Lanes)
                {
                    var c = TFunction.Apply<TIsa, TVec>(TIsa.Load(a + i), second);
                    TIsa.Store(TIsa.MinKeep(high, TIsa.MaxKeep(low, c)), output + i);
                }
            }
            else
            {
                for (; i < whole; i += TIsa.Lanes)
                {
                    var c = TFunction.Apply<TIsa, TVec>(first, layout.StepB == 1 ? TIsa.Load(b + i) : second);
                    TIsa.Store(TIsa.MinKeep(high, TIsa.MaxKeep(low, c)), output + i);
                }
            }

            if (i < count)
            {
                var bytes = (uint)((count - i) * sizeof(float));
                if (layout.StepA == 1)
                {
                    Unsafe.CopyBlockUnaligned(&first, a + i, bytes);
                }

                if (layout.StepB == 1)
                {
                    Unsafe.CopyBlockUnaligned(&second, b + i, bytes);
                }

                var c = TIsa.MinKeep(high, TIsa.MaxKeep(low, TFunction.Apply<TIsa, TVec>(first, second)));
                Unsafe.CopyBlockUnaligned(output + i, &c, bytes);
            }
        }
    }
}
