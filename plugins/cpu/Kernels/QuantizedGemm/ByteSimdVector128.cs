using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Four columns through the portable <c>Vector128</c>: products of 16-bit integers.</summary>
internal readonly unsafe struct ByteSimdVector128 : IByteSimd<Vector128<int>, Vector128<float>>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static bool SumsPairs => true;

    public static bool HasByteDot => false;

    public static int ByteOffset => 0;

    public static Vector128<int> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* source) => Vector128.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(byte* source) => Vector128.Create(*(int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Set(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowNibbles(Vector128<int> value) => value & Vector128.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighNibbles(Vector128<int> value) => Vector128.ShiftRightLogical(value, 4) & Vector128.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddNibbles(Vector128<int> sum, Vector128<int> weights, Vector128<int> activations) =>
        (sum.AsInt16() + (EvenBytes(weights).AsInt16() * EvenBytes(activations).AsInt16())
            + (OddBytes(weights).AsInt16() * OddBytes(activations).AsInt16())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fold(Vector128<int> sum) => Vector128.ShiftRightArithmetic(sum, 16) + LowHalf(sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddBytes(Vector128<int> sum, Vector128<int> weights, Vector128<int> activations) =>
        MultiplyAddPairs(MultiplyAddPairs(sum, EvenBytes(weights), EvenBytes(activations)), OddBytes(weights), OddBytes(activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> EvenBytes(Vector128<int> value) =>
        Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(value.AsInt16(), 8), 8).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> OddBytes(Vector128<int> value) => Vector128.ShiftRightArithmetic(value.AsInt16(), 8).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<int> sum, Vector128<int> left, Vector128<int> right) =>
        sum + (LowHalf(left) * LowHalf(right)) + (Vector128.ShiftRightArithmetic(left, 16) * Vector128.ShiftRightArithmetic(right, 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddSigns(Vector128<int> value) => value ^ Vector128.Create(unchecked((int)0x80808080));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, Vector128<int> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<int> left, Vector128<int> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> value) => Vector128.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(byte* source) => Vector128.ShiftLeft(
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> LowHalf(Vector128<int> value) => Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(value, 16), 16);
}
