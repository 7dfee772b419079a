using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedBinaryKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run128(in QuantizedBinaryParameters p, byte* a, byte* b, byte* output, nint count, nint stepA, nint stepB)
    {
        var isUnsigned = p.IsUnsigned;
        nint i = 0;
        if (p.IsProduct)
        {
            // Differences fit into 16 bits, their products into 32.
            var (zeroA, zeroB, zero) = (Vector128.Create((short)p.FirstZeroPoint), Vector128.Create((short)p.SecondZeroPoint), Vector128.Create(p.ZeroPoint));
            var (low, high) = (Vector128.Create((float)(p.Minimum - p.ZeroPoint)), Vector128.Create((float)(p.Maximum - p.ZeroPoint)));
            var scale = Vector128.Create(p.Scale);
            for (; i <= count - 16; i += 16)
            {
                var (x0, x1) = LoadCodes(a + (i * stepA), stepA, isUnsigned);
                var (y0, y1) = LoadCodes(b + (i * stepB), stepB, isUnsigned);
                (x0, x1, y0, y1) = (x0 - zeroA, x1 - zeroA, y0 - zeroB, y1 - zeroB);
                var z0 = Product(Vector128.WidenLower(x0), Vector128.WidenLower(y0), scale, low, high) + zero;
                var z1 = Product(Vector128.WidenUpper(x0), Vector128.WidenUpper(y0), scale, low, high) + zero;
                var z2 = Product(Vector128.WidenLower(x1), Vector128.WidenLower(y1), scale, low, high) + zero;
                var z3 = Product(Vector128.WidenUpper(x1), Vector128.WidenUpper(y1), scale, low, high) + zero;
                Codes128.Narrow(z0, z1, z2, z3).Store((sbyte*)output + i);
            }
        }
        else
        {
            var (first, second, offset) = (Vector128.Create(p.First), Vector128.Create(p.Second), Vector128.Create(p.Offset));
            var (zero, low, high) = (Vector128.Create(p.ZeroPoint), Vector128.Create(p.Minimum), Vector128.Create(p.Maximum));
            var shift = p.Shift;
            for (; i <= count - 16; i += 16)
            {
                var (x0, x1) = LoadCodes(a + (i * stepA), stepA, isUnsigned);
                var (y0, y1) = LoadCodes(b + (i * stepB), stepB, isUnsigned);
                var z0 = Codes128.MultiplyAdd(Vector128.WidenLower(y0), second, Codes128.MultiplyAdd(Vector128.WidenLower(x0), first, offset));
                var z1 = Codes128.MultiplyAdd(Vector128.WidenUpper(y0), second, Codes128.MultiplyAdd(Vector128.WidenUpper(x0), first, offset));
                var z2 = Codes128.MultiplyAdd(Vector128.WidenLower(y1), second, Codes128.MultiplyAdd(Vector128.WidenLower(x1), first, offset));
                var z3 = Codes128.MultiplyAdd(Vector128.WidenUpper(y1), second, Codes128.MultiplyAdd(Vector128.WidenUpper(x1), first, offset));
                z0 = Vector128.Min(Vector128.Max(ShiftRight(z0, shift) + zero, low), high);
                z1 = Vector128.Min(Vector128.Max(ShiftRight(z1, shift) + zero, low), high);
                z2 = Vector128.Min(Vector128.Max(ShiftRight(z2, shift) + zero, low), high);
                z3 = Vector128.Min(Vector128.Max(ShiftRight(z3, shift) + zero, low), high);
                Codes128.Narrow(z0, z1, z2, z3).Store((sbyte*)output + i);
            }
        }

        Run(p, a + (i * stepA), b + (i * stepB), output + i, count - i, stepA, stepB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Product(Vector128<int> x, Vector128<int> y, Vector128<float> scale, Vector128<float> low, Vector128<float> high) =>
        Codes128.Round(Codes128.Limit(Vector128.ConvertToSingle(x * y) * scale, low, high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ShiftRight(Vector128<int> value, int count) =>
        AdvSimd.IsSupported ? AdvSimd.ShiftArithmetic(value, Vector128.Create(-count)) : Vector128.ShiftRightArithmetic(value, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<short> Low, Vector128<short> High) LoadCodes(byte* source, nint step, bool isUnsigned) =>
        Codes128.Widen(step == 0 ? Vector128.Create(*source) : Vector128.Load(source), isUnsigned);
}
