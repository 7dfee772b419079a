using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Sums, differences and products of codes, a row at a time; a step of 0 keeps an operand. The output may be the memory of either operand.</summary>
internal static unsafe class QuantizedBinaryKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in QuantizedBinaryParameters p, byte* a, byte* b, byte* output, nint count, nint stepA, nint stepB, bool isVectorised)
    {
        nint i = 0;
        if (Avx2.IsSupported && isVectorised)
        {
            var (first, second) = (Vector256.Create(p.First), Vector256.Create(p.Second));
            var (zeroA, zeroB, zero) = (Vector256.Create(p.FirstZeroPoint), Vector256.Create(p.SecondZeroPoint), Vector256.Create(p.ZeroPoint));
            var (low, high) = (Vector256.Create(p.Minimum), Vector256.Create(p.Maximum));
            var offset = Vector256.Create(p.Offset);
            var shift = Vector128.CreateScalar(p.Shift);
            var scale = Vector256.Create(p.Scale);
            var (least, most) = (Vector256.Create((float)(p.Minimum - p.ZeroPoint)), Vector256.Create((float)(p.Maximum - p.ZeroPoint)));
            var pick = Vector256.Create(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).AsByte();
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
        }

        for (; i < count; i++)
        {
            var (x, y) = (a[i * stepA], b[i * stepB]);
            var (u, v) = p.IsUnsigned ? (x, y) : ((int)(sbyte)x, (int)(sbyte)y);
            if (p.IsProduct)
            {
                var z = (u - p.FirstZeroPoint) * (v - p.SecondZeroPoint) * p.Scale;
                float high = p.Maximum - p.ZeroPoint;
                float low = p.Minimum - p.ZeroPoint;
                z = z < high ? z : high;
                z = z > low ? z : low;
                output[i] = (byte)((int)MathF.Round(z) + p.ZeroPoint);
            }
            else
            {
                output[i] = (byte)Math.Min(Math.Max(((p.Offset + (u * p.First) + (v * p.Second)) >> p.Shift) + p.ZeroPoint, p.Minimum), p.Maximum);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load(byte* source, nint step, bool isUnsigned) => step == 0
        ? Vector256.Create(isUnsigned ? *source : (int)(sbyte)*source)
        : isUnsigned ? Avx2.ConvertToVector256Int32(source) : Avx2.ConvertToVector256Int32((sbyte*)source);
}
