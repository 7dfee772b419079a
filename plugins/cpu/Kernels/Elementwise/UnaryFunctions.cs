using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The functions of <see cref="UnaryKind"/>.</summary>
internal static class UnaryFunctions
{
    public readonly struct Abs : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Abs(x);
    }

    public readonly struct Negate : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Negate(x);
    }

    public readonly struct Square : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Multiply(x, x);
    }

    public readonly struct SquareRoot : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Sqrt(x);
    }

    public readonly struct ReciprocalSquareRoot : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Divide(TIsa.Set(1f), TIsa.Sqrt(x));
    }

    public readonly struct Exp : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Exp(x);
    }

    public readonly struct Log : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Log(x);
    }

    public readonly struct Sin : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Sin(x, 0);
    }

    public readonly struct Cos : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Sin(x, 1);
    }

    public readonly struct Tanh : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Tanh(x);
    }

    public readonly struct Sigmoid : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.Sigmoid(x);
    }

    public readonly struct Silu : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Multiply(x, VectorMath<TIsa, TVec>.Sigmoid(x));
    }

    public readonly struct Gelu : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Multiply(TIsa.Multiply(x, TIsa.Set(0.5f)), TIsa.Add(TIsa.Set(1f), VectorMath<TIsa, TVec>.Erf(TIsa.Multiply(x, TIsa.Set(0.707106769f)))));
    }

    public readonly struct Hardswish : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Multiply(TIsa.Multiply(x, TIsa.Set(1f / 6)), TIsa.MinKeep(TIsa.Set(6f), TIsa.MaxKeep(TIsa.Set(0f), TIsa.Add(x, TIsa.Set(3f)))));
    }

    public readonly struct Floor : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Floor(x);
    }

    public readonly struct Ceiling : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Ceiling(x);
    }

    public readonly struct LeakyRelu : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Select(TIsa.LessThan(x, TIsa.Set(0f)), TIsa.Multiply(x, a), x);
    }

    public readonly struct Elu : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Select(TIsa.LessThan(x, TIsa.Set(0f)), TIsa.Multiply(a, VectorMath<TIsa, TVec>.ExpMinusOne(x)), x);
    }

    public readonly struct Clamp : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.MinKeep(b, TIsa.MaxKeep(a, x));
    }

    public readonly struct RoundToHalf : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.RoundToHalf(x);
    }

    public readonly struct RoundToBFloat16 : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec x, TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => VectorMath<TIsa, TVec>.RoundToBFloat16(x);
    }
}
