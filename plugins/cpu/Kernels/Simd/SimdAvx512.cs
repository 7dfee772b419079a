using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Sixteen lanes, 32 registers, masked tails.</summary>
internal readonly unsafe struct SimdAvx512 : ISimd<Vector512<float>>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static int RegisterCount => 32;

    public static Vector512<float> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512<float>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector512<float> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFloat16(ushort* source)
    {
        // Infinities and NaN, whose exponent is the highest, get the highest of a float.
        var (bits, highest) = (Bits(source), Vector512.Create(0x0F800000u));
        return Vector512.ConditionalSelect(
            Vector512.Equals(bits & highest, highest), bits | Vector512.Create(0x7F800000u), LoadFiniteFloat16(source).AsUInt32()).AsSingle();
    }

    // The exponent is 112 too low, which the multiplication mends; that makes subnormals normal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFiniteFloat16(ushort* source) => Avx512F.Multiply(Bits(source).AsSingle(), Vector512.Create(0x77800000u).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat16(ushort* source) => Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512UInt32(Vector256.Load(source)), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadPartial(float* source, nint count) =>
        Avx512F.MaskLoad(source, Mask(count), Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(float* destination, Vector512<float> value, nint count) =>
        Avx512F.MaskStore(destination, Mask(count), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => Avx512F.Add(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => Avx512F.Subtract(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => Avx512F.Multiply(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Avx512F.FusedMultiplyAdd(left, right, addend);

    // MINPS and MAXPS give their second operand when either is NaN: the value comes second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Clamp(Vector512<float> value, Vector512<float> low, Vector512<float> high) =>
        Avx512F.Min(high, Avx512F.Max(low, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Vector512.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum(Vector512<float> first, Vector512<float> second, Vector512<float> third, Vector512<float> fourth) =>
        SimdAvx2.Sum(Half(first), Half(second), Half(third), Half(fourth));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Mask(nint count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create((int)count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Half(Vector512<float> value) => Avx.Add(value.GetLower(), value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address) => Sse.Prefetch0(address);

    // Half precision numbers' sign, and exponent and fraction where a float has them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Bits(ushort* source) =>
        Avx512F.And(Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)), 13).AsUInt32(), Vector512.Create(0x8FFFE000u));
}
