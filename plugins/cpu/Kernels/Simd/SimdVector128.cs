using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Four lanes through the portable API: whatever the machine has, or what the runtime emulates.</summary>
internal readonly unsafe struct SimdVector128 : ISimd<Vector128<float>>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int RegisterCount => 16;

    public static Vector128<float> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128<float>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector128<float> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloat16(ushort* source)
    {
        // Infinities and NaN, whose exponent is the highest, get the highest of a float.
        var (bits, highest) = (Bits(source), Vector128.Create(0x0F800000u));
        return Vector128.ConditionalSelect(
            Vector128.Equals(bits & highest, highest), bits | Vector128.Create(0x7F800000u), LoadFiniteFloat16(source).AsUInt32()).AsSingle();
    }

    // The exponent is 112 too low, which the multiplication mends; that makes subnormals normal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFiniteFloat16(ushort* source) => Bits(source).AsSingle() * Vector128.Create(0x77800000u).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(ushort* source) =>
        Vector128.ShiftLeft(Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe()), 16).AsSingle();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<float> LoadPartial(float* source, nint count)
    {
        var x = Vector128.CreateScalar(source[0]);
        if (count > 1)
        {
            x = x.WithElement(1, source[1]);
        }

        if (count > 2)
        {
            x = x.WithElement(2, source[2]);
        }

        return count > 3 ? x.WithElement(3, source[3]) : x;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StorePartial(float* destination, Vector128<float> value, nint count)
    {
        destination[0] = value.ToScalar();
        if (count > 1)
        {
            destination[1] = value.GetElement(1);
        }

        if (count > 2)
        {
            destination[2] = value.GetElement(2);
        }

        if (count > 3)
        {
            destination[3] = value.GetElement(3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    // Not FusedMultiplyAdd: without the instruction that is a library call for each lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Vector128.MultiplyAddEstimate(left, right, addend);

    // Vector128.Min and Max follow IEEE 754-2019: NaN if either is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Clamp(Vector128<float> value, Vector128<float> low, Vector128<float> high) =>
        Vector128.Min(high, Vector128.Max(low, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum(Vector128<float> first, Vector128<float> second, Vector128<float> third, Vector128<float> fourth) =>
        Vector128.Create(Vector128.Sum(first), Vector128.Sum(second), Vector128.Sum(third), Vector128.Sum(fourth));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
    }

    // Half precision numbers' sign, and exponent and fraction where a float has them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Bits(ushort* source) =>
        Vector128.ShiftLeft(Vector128.WidenLower(Vector64.Load((short*)source).ToVector128Unsafe()), 13).AsUInt32() & Vector128.Create(0x8FFFE000u);
}
