using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One lane, no vector instruction asked for: the oracle of the other rungs.</summary>
internal readonly unsafe struct ScalarIsa : IIsa<float>
{
    public static int Lanes => 1;

    public static float Set(float value) => value;

    public static float SetBits(int value) => BitConverter.Int32BitsToSingle(value);

    public static float Load(float* source) => *source;

    public static void Store(float value, float* destination) => *destination = value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    public static float MinKeep(float a, float b) => a < b ? a : b;

    public static float MaxKeep(float a, float b) => a > b ? a : b;

    public static float Minimum(float a, float b) => MathF.Min(a, b);

    public static float Maximum(float a, float b) => MathF.Max(a, b);

    public static float Sqrt(float a) => MathF.Sqrt(a);

    public static float Round(float a) => MathF.Round(a);

    public static float Floor(float a) => MathF.Floor(a);

    public static float Ceiling(float a) => MathF.Ceiling(a);

    public static float LessThan(float a, float b) => SetBits(a < b ? -1 : 0);

    public static float Select(float mask, float whenTrue, float whenFalse) => Int(mask) != 0 ? whenTrue : whenFalse;

    public static bool Any(float mask) => Int(mask) != 0;

    public static float And(float a, float b) => SetBits(Int(a) & Int(b));

    public static float Or(float a, float b) => SetBits(Int(a) | Int(b));

    public static float Xor(float a, float b) => SetBits(Int(a) ^ Int(b));

    public static float AddBits(float a, float b) => SetBits(Int(a) + Int(b));

    public static float SubtractBits(float a, float b) => SetBits(Int(a) - Int(b));

    public static float ShiftLeftBits(float a, int count) => SetBits(Int(a) << count);

    public static float ShiftRightBits(float a, int count) => SetBits((int)((uint)Int(a) >> count));

    public static float ToBits(float a) => SetBits((int)a);

    public static float FromBits(float a) => Int(a);

    public static float Sum(float a) => a;

    public static float GreatestLane(float a) => a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Int(float a) => BitConverter.SingleToInt32Bits(a);
}
