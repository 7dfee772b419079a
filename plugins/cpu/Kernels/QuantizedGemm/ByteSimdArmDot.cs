using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Four columns, ARM64. SDOT multiplies signed bytes and adds four products to a 32-bit sum.</summary>
internal readonly unsafe struct ByteSimdArmDot : IByteSimd<Vector128<int>, Vector128<float>>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static bool SumsPairs => false;

    public static bool HasByteDot => true;

    public static int ByteOffset => 0;

    public static Vector128<int> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* source) => ByteSimdAdvSimd.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(byte* source) => ByteSimdAdvSimd.Broadcast(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Set(int value) => ByteSimdAdvSimd.Set(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowNibbles(Vector128<int> value) => ByteSimdAdvSimd.LowNibbles(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighNibbles(Vector128<int> value) => ByteSimdAdvSimd.HighNibbles(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddNibbles(Vector128<int> sum, Vector128<int> weights, Vector128<int> activations) =>
        Dp.DotProduct(sum, weights.AsSByte(), activations.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fold(Vector128<int> sum) => sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddBytes(Vector128<int> sum, Vector128<int> weights, Vector128<int> activations) =>
        Dp.DotProduct(sum, weights.AsSByte(), activations.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> EvenBytes(Vector128<int> value) => ByteSimdAdvSimd.EvenBytes(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> OddBytes(Vector128<int> value) => ByteSimdAdvSimd.OddBytes(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<int> sum, Vector128<int> left, Vector128<int> right) =>
        ByteSimdAdvSimd.MultiplyAddPairs(sum, left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddSigns(Vector128<int> value) => value ^ Vector128.Create(unchecked((int)0x80808080));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, Vector128<int> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => ByteSimdAdvSimd.Add(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<int> left, Vector128<int> right) => ByteSimdAdvSimd.Multiply(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> value) => ByteSimdAdvSimd.ToFloat(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(byte* source) => ByteSimdAdvSimd.LoadBFloat16(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
    }
}
