using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedBinaryKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run256(in QuantizedBinaryParameters p, byte* a, byte* b, byte* output, nint count, nint stepA, nint stepB)
    {
        var (first, second) = (Vector256.Create(p.First), Vector256.Create(p.Second));
        var (zeroA, zeroB, zero) = (Vector256.Create(p.FirstZeroPoint), Vector256.Create(p.SecondZeroPoint), Vector256.Create(p.ZeroPoint));
        var (low, high) = (Vector256.Create(p.Minimum), Vector256.Create(p.Maximum));
        var offset = Vector256.Create(p.Offset);
        var shift = Vector128.CreateScalar(p.Shift);
        var scale = Vector256.Create(p.Scale);
        var (least, most) = (Vector256.Create((float)(p.Minimum - p.ZeroPoint)), Vector256.Create((float)(p.Maximum - p.ZeroPoint)));
        var pick = Vector256.Create(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).AsByte();
        nint i = 0;
        for (; i <= count - 8; i += 8)
        {
            var x = Load(a + (i * stepA), stepA, p.IsUnsigned);
            var y = Load(b + (i * stepB), stepB, p.IsUnsigned);
            Vector256<int> z;
            if (p.IsProduct)
            {
                var product = Avx.ConvertToVector256Single(Avx2.MultiplyLow(Avx2.Subtract(x, zeroA), Avx2.Subtract(y, zeroB)));
                z = Avx2.Add(Avx.ConvertToVector256Int32(Avx.Max(Avx.Min(Avx.Multiply(product, scale), most), least)), zero);
            }
            else
            {
                z = Avx2.Add(offset, Avx2.Add(Avx2.MultiplyLow(x, first), Avx2.MultiplyLow(y, second)));
                z = Avx2.Min(Avx2.Max(Avx2.Add(Avx2.ShiftRightArithmetic(z, shift), zero), low), high);
            }

            var bytes = Avx2.Shuffle(z.AsByte(), pick);
            Unsafe.WriteUnaligned(output + i, bytes.AsUInt32().GetElement(0));
            Unsafe.WriteUnaligned(output + i + 4, bytes.AsUInt32().GetElement(4));
        }

        Run(p, a + (i * stepA), b + (i * stepB), output + i, count - i, stepA, stepB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load(byte* source, nint step, bool isUnsigned) => step == 0
        ? Vector256.Create(isUnsigned ? *source : (int)(sbyte)*source)
        : isUnsigned ? Avx2.ConvertToVector256Int32(source) : Avx2.ConvertToVector256Int32((sbyte*)source);
}
