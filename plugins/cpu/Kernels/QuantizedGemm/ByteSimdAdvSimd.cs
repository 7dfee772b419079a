using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Four columns, ARM64 without dot products. Products with 4-bit weights are added in pairs in 16 bits, and a block's sum stays there; those of two bytes
/// are added in pairs in 32 bits, because two of -128 * -128 are too much for 16.
/// </summary>
internal readonly unsafe struct ByteSimdAdvSimd : IByteSimd<Vector128<int>, Vector128<float>>
{
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static bool SumsPairs => true;

    public static bool HasByteDot => true;

    public static int ByteOffset => 0;

    public static Vector128<int> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* source) => AdvSimd.LoadVector128((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(byte* source) => AdvSimd.LoadAndReplicateToVector128((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Set(int value) => AdvSimd.DuplicateToVector128(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LowNibbles(Vector128<int> value) => AdvSimd.And(value, Vector128.Create(0x0F0F0F0F));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> HighNibbles(Vector128<int> value) => AdvSimd.ShiftRightLogical(value.AsByte(), 4).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddNibbles(Vector128<int> sum, Vector128<int> weights, Vector128<int> activations)
    {
        var low = AdvSimd.MultiplyWideningLower(weights.AsSByte().GetLower(), activations.AsSByte().GetLower());
        var high = AdvSimd.MultiplyWideningUpper(weights.AsSByte(), activations.AsSByte());
        return AdvSimd.Add(sum.AsInt16(), AdvSimd.Arm64.AddPairwise(low, high)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fold(Vector128<int> sum) => AdvSimd.AddPairwiseWidening(sum.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddBytes(Vector128<int> sum, Vector128<int> weights, Vector128<int> activations)
    {
        var low = AdvSimd.AddPairwiseWidening(AdvSimd.MultiplyWideningLower(weights.AsSByte().GetLower(), activations.AsSByte().GetLower()));
        var high = AdvSimd.AddPairwiseWidening(AdvSimd.MultiplyWideningUpper(weights.AsSByte(), activations.AsSByte()));
        return AdvSimd.Add(sum, AdvSimd.Arm64.AddPairwise(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> EvenBytes(Vector128<int> value) =>
        AdvSimd.ShiftRightArithmetic(AdvSimd.ShiftLeftLogical(value.AsInt16(), 8), 8).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> OddBytes(Vector128<int> value) => AdvSimd.ShiftRightArithmetic(value.AsInt16(), 8).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<int> sum, Vector128<int> left, Vector128<int> right)
    {
        var low = AdvSimd.MultiplyWideningLower(left.AsInt16().GetLower(), right.AsInt16().GetLower());
        var high = AdvSimd.MultiplyWideningUpper(left.AsInt16(), right.AsInt16());
        return AdvSimd.Add(sum, AdvSimd.Arm64.AddPairwise(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddSigns(Vector128<int> value) => value ^ Vector128.Create(unchecked((int)0x80808080));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, Vector128<int> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => AdvSimd.Add(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<int> left, Vector128<int> right) => AdvSimd.Multiply(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToFloat(Vector128<int> value) => AdvSimd.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(byte* source) =>
        AdvSimd.ShiftLeftLogical(AdvSimd.ZeroExtendWideningLower(AdvSimd.LoadVector64((ushort*)source)), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* address)
    {
    }
}
