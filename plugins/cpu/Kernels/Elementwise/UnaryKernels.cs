using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Element-wise functions of one tensor; input and output may be the same memory.</summary>
internal static unsafe class UnaryKernels
{
    /// <summary>The kernel (input, output, count, a, b) of a function on a rung. Only what is asked for is ever compiled.</summary>
    public static delegate*<float*, float*, nint, float, float, void> Get(UnaryKind kind, InstructionSet isa) => CpuFeatures.ToFloat(isa) switch
    {
        InstructionSet.Avx512 => Get<Vector512Isa, Vector512<float>>(kind),
        InstructionSet.Avx2 => Get<Vector256Isa, Vector256<float>>(kind),
        InstructionSet.AdvSimd => Get<AdvSimdIsa, Vector128<float>>(kind),
        InstructionSet.Vector128 => Get<Vector128Isa, Vector128<float>>(kind),
        _ => Get<ScalarIsa, float>(kind),
    };

    private static delegate*<float*, float*, nint, float, float, void> Get<TIsa, TVec>(UnaryKind kind)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged => kind switch
        {
            UnaryKind.Abs => &Run<TIsa, TVec, UnaryFunctions.Abs>,
            UnaryKind.Negate => &Run<TIsa, TVec, UnaryFunctions.Negate>,
            UnaryKind.Square => &Run<TIsa, TVec, UnaryFunctions.Square>,
            UnaryKind.SquareRoot => &Run<TIsa, TVec, UnaryFunctions.SquareRoot>,
            UnaryKind.ReciprocalSquareRoot => &Run<TIsa, TVec, UnaryFunctions.ReciprocalSquareRoot>,
            UnaryKind.Exp => &Run<TIsa, TVec, UnaryFunctions.Exp>,
            UnaryKind.Log => &Run<TIsa, TVec, UnaryFunctions.Log>,
            UnaryKind.Tanh => &Run<TIsa, TVec, UnaryFunctions.Tanh>,
            UnaryKind.Sigmoid => &Run<TIsa, TVec, UnaryFunctions.Sigmoid>,
            UnaryKind.Silu => &Run<TIsa, TVec, UnaryFunctions.Silu>,
            UnaryKind.Gelu => &Run<TIsa, TVec, UnaryFunctions.Gelu>,
            UnaryKind.Hardswish => &Run<TIsa, TVec, UnaryFunctions.Hardswish>,
            UnaryKind.Floor => &Run<TIsa, TVec, UnaryFunctions.Floor>,
            UnaryKind.Ceiling => &Run<TIsa, TVec, UnaryFunctions.Ceiling>,
            UnaryKind.LeakyRelu => &Run<TIsa, TVec, UnaryFunctions.LeakyRelu>,
            UnaryKind.Elu => &Run<TIsa, TVec, UnaryFunctions.Elu>,
            UnaryKind.Clamp => &Run<TIsa, TVec, UnaryFunctions.Clamp>,
            UnaryKind.RoundToHalf => &Run<TIsa, TVec, UnaryFunctions.RoundToHalf>,
            UnaryKind.RoundToBFloat16 => &Run<TIsa, TVec, UnaryFunctions.RoundToBFloat16>,
            UnaryKind.Sin => &RunTrigonometric<TIsa, TVec, UnaryFunctions.Sin>,
            UnaryKind.Cos => &RunTrigonometric<TIsa, TVec, UnaryFunctions.Cos>,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Run<TIsa, TVec, TFunction>(float* input, float* output, nint count, float a, float b)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
        where TFunction : IUnaryFunction
    {
        var va = TIsa.Set(a);
        var vb = TIsa.Set(b);
        nint i = 0;
        for (; i <= count - TIsa.Lanes; i += TIsa.Lanes)
        {
            TIsa.Store(TFunction.Apply<TIsa, TVec>(TIsa.Load(input + i), va, vb), output + i);
        }

        if (i < count)
        {
            // The rest goes through a vector of its own, so that nothing outside the tensors is touched.
            TVec tail = default;
            Unsafe.CopyBlockUnaligned(&tail, input + i, (uint)((count - i) * sizeof(float)));
            tail = TFunction.Apply<TIsa, TVec>(tail, va, vb);
            Unsafe.CopyBlockUnaligned(output + i, &tail, (uint)((count - i) * sizeof(float)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunTrigonometric<TIsa, TVec, TFunction>(float* input, float* output, nint count, float a, float b)
        where TIsa : IIsa<TVec>
        where TVec : unmanaged
        where TFunction : IUnaryFunction
    {
        var limit = TIsa.Set(VectorMath<TIsa, TVec>.TrigonometricLimit);
        for (nint i = 0; i < count; i += TIsa.Lanes)
        {
            var rest = Math.Min(count - i, TIsa.Lanes);
            TVec x = default;
            Unsafe.CopyBlockUnaligned(&x, input + i, (uint)(rest * sizeof(float)));

            // Vectors with a huge number, an infinity or NaN in them are rare: the platform's function reduces those exactly.
            var isSmall = TIsa.LessThan(VectorMath<TIsa, TVec>.Abs(x), limit);
            if (TIsa.Any(TIsa.Xor(isSmall, TIsa.SetBits(-1))))
            {
                var lanes = (float*)&x;
                for (var lane = 0; lane < rest; lane++)
                {
                    lanes[lane] = typeof(TFunction) == typeof(UnaryFunctions.Sin) ? MathF.Sin(lanes[lane]) : MathF.Cos(lanes[lane]);
                }
            }
            else
            {
                x = TFunction.Apply<TIsa, TVec>(x, x, x);
            }

            Unsafe.CopyBlockUnaligned(output + i, &x, (uint)(rest * sizeof(float)));
        }
    }
}
