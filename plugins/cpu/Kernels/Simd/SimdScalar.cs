using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One lane: the kernels without any SIMD.</summary>
internal readonly unsafe struct SimdScalar : ISimd<float>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static int RegisterCount => 16;

    public static float Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, float value) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadFloat16(ushort* source) => (float)*(Half*)source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadFiniteFloat16(ushort* source) => (float)*(Half*)source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadBFloat16(ushort* source) => BitConverter.UInt32BitsToSingle((uint)*source << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadPartial(float* source, nint count) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(float* destination, float value, nint count) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Broadcast(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float left, float right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float left, float right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float left, float right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float left, float right, float addend) => (left * right) + addend;

    // Comparisons with NaN are false, so a NaN falls through unchanged.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Clamp(float value, float low, float high)
    {
        value = value < low ? low : value;
        return value > high ? high : value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum(float first, float second, float third, float fourth) =>
        Vector128.Create(first, second, third, fourth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
    }
}
