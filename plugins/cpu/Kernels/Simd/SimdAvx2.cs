using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Eight lanes, 16 registers, AVX2 with FMA.</summary>
internal readonly unsafe struct SimdAvx2 : ISimd<Vector256<float>>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int RegisterCount => 16;

    public static Vector256<float> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256<float>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector256<float> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFloat16(ushort* source)
    {
        // Infinities and NaN, whose exponent is the highest, get the highest of a float.
        var (bits, highest) = (Bits(source), Vector256.Create(0x0F800000u));
        return Vector256.ConditionalSelect(
            Vector256.Equals(bits & highest, highest), bits | Vector256.Create(0x7F800000u), LoadFiniteFloat16(source).AsUInt32()).AsSingle();
    }

    // The exponent is 112 too low, which the multiplication mends; that makes subnormals normal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFiniteFloat16(ushort* source) => Avx.Multiply(Bits(source).AsSingle(), Vector256.Create(0x77800000u).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat16(ushort* source) => Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(source), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadPartial(float* source, nint count) => Avx.MaskLoad(source, Mask(count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePartial(float* destination, Vector256<float> value, nint count) =>
        Avx.MaskStore(destination, Mask(count), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => Avx.Add(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => Avx.Subtract(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => Avx.Multiply(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.MultiplyAdd(left, right, addend);

    // MINPS and MAXPS give their second operand when either is NaN: the value comes second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Clamp(Vector256<float> value, Vector256<float> low, Vector256<float> high) =>
        Avx.Min(high, Avx.Max(low, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Vector256.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum(Vector256<float> first, Vector256<float> second, Vector256<float> third, Vector256<float> fourth) =>
        Sse3.HorizontalAdd(Sse3.HorizontalAdd(Half(first), Half(second)), Sse3.HorizontalAdd(Half(third), Half(fourth)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Mask(nint count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create((int)count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Half(Vector256<float> value) => Sse.Add(value.GetLower(), value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address) => Sse.Prefetch0(address);

    // Half precision numbers' sign, and exponent and fraction where a float has them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Bits(ushort* source) =>
        Avx2.And(Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32((short*)source), 13).AsUInt32(), Vector256.Create(0x8FFFE000u));
}
