using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One column: the kernels without any SIMD.</summary>
internal readonly unsafe struct ByteSimdScalar : IByteSimd<int, float>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    public static bool SumsPairs => false;

    public static bool HasByteDot => true;

    public static int ByteOffset => 0;

    public static int Zero => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Load(byte* source) => Unsafe.ReadUnaligned<int>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Broadcast(byte* source) => Unsafe.ReadUnaligned<int>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Set(int value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LowNibbles(int value) => value & 0x0F0F0F0F;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HighNibbles(int value) => (value >> 4) & 0x0F0F0F0F;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAddNibbles(int sum, int weights, int activations) => MultiplyAddBytes(sum, weights, activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Fold(int sum) => sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAddBytes(int sum, int weights, int activations) => sum
        + ((sbyte)weights * (sbyte)activations)
        + ((sbyte)(weights >> 8) * (sbyte)(activations >> 8))
        + ((sbyte)(weights >> 16) * (sbyte)(activations >> 16))
        + ((sbyte)(weights >> 24) * (sbyte)(activations >> 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EvenBytes(int value) => ((sbyte)value & 0xFFFF) | ((sbyte)(value >> 16) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OddBytes(int value) => EvenBytes(value >> 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyAddPairs(int sum, int left, int right) => sum + ((short)left * (short)right) + ((left >> 16) * (right >> 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AddSigns(int value) => value ^ unchecked((int)0x80808080);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, int value) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int left, int right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Multiply(int left, int right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToFloat(int value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadBFloat16(byte* source) => BitConverter.Int32BitsToSingle(Unsafe.ReadUnaligned<ushort>(source) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
    }
}
