using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The functions of <see cref="BinaryKind"/>.</summary>
internal static class BinaryFunctions
{
    public readonly struct Add : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Add(a, b);
    }

    public readonly struct Subtract : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Subtract(a, b);
    }

    public readonly struct Multiply : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Multiply(a, b);
    }

    public readonly struct Divide : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Divide(a, b);
    }

    public readonly struct Minimum : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Minimum(a, b);
    }

    public readonly struct Maximum : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Maximum(a, b);
    }

    public readonly struct PRelu : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TIsa, TVec>(TVec a, TVec b)
            where TIsa : IIsa<TVec>
            where TVec : unmanaged => TIsa.Select(TIsa.LessThan(a, TIsa.Set(0f)), TIsa.Multiply(a, b), a);
    }
}
