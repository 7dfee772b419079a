using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Brings sums of products to signed bytes: rows by columns, a bias and a scale for each column.</summary>
internal static unsafe partial class RequantizeKernel
{
    /// <summary>The kernel (sums, their row stride, rows, columns, bias, scales, parameters, output, its row stride) of a rung.</summary>
    /// <remarks>Bias and scales are readable to a whole 16 columns, and so is each row of sums.</remarks>
    public static delegate*<int*, nint, int, int, int*, float*, in Requantization, sbyte*, nint, void> Get(InstructionSet rung) => rung switch
    {
        InstructionSet.Avx512 or InstructionSet.Avx512Vnni => &RunAvx512,
        InstructionSet.Avx2 or InstructionSet.AvxVnni => &RunAvx2,
        InstructionSet.Scalar => &RunScalar,
        _ => &Run128,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunAvx512(int* sums, nint sumStride, int rows, int columns, int* bias, float* scales, in Requantization p, sbyte* output, nint stride)
    {
        var low = Vector512.Create((float)(p.Minimum - p.ZeroPoint));
        var high = Vector512.Create((float)(p.Maximum - p.ZeroPoint));
        var zero = Vector512.Create(p.ZeroPoint);
        for (nint column = 0; column < columns; column += 16)
        {
            var b = Vector512.Load(bias + column);
            var s = Vector512.Load(scales + column);
            var source = sums + column;
            var destination = output + column;
            var rest = columns - (int)column;
            for (var row = rows; row > 0; row--, source += sumStride, destination += stride)
            {
                var x = Avx512F.Multiply(Avx512F.ConvertToVector512Single(Avx512F.Add(Vector512.Load(source), b)), s);
                x = Avx512F.Max(Avx512F.Min(x, high), low);
                var bytes = Avx512F.ConvertToVector128SByte(Avx512F.Add(Avx512F.ConvertToVector512Int32(x), zero));
                if (rest >= 16)
                {
                    bytes.Store(destination);
                }
                else
                {
                    StorePart(destination, bytes, rest);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunAvx2(int* sums, nint sumStride, int rows, int columns, int* bias, float* scales, in Requantization p, sbyte* output, nint stride)
    {
        var low = Vector256.Create((float)(p.Minimum - p.ZeroPoint));
        var high = Vector256.Create((float)(p.Maximum - p.ZeroPoint));
        var zero = Vector256.Create(p.ZeroPoint);
        for (nint column = 0; column < columns; column += 16)
        {
            var (b0, b1) = (Vector256.Load(bias + column), Vector256.Load(bias + column + 8));
            var (s0, s1) = (Vector256.Load(scales + column), Vector256.Load(scales + column + 8));
            var source = sums + column;
            var destination = output + column;
            var rest = columns - (int)column;
            for (var row = rows; row > 0; row--, source += sumStride, destination += stride)
            {
                var x = Avx.Multiply(Avx.ConvertToVector256Single(Avx2.Add(Vector256.Load(source), b0)), s0);
                var y = Avx.Multiply(Avx.ConvertToVector256Single(Avx2.Add(Vector256.Load(source + 8), b1)), s1);
                var i = Avx2.Add(Avx.ConvertToVector256Int32(Avx.Max(Avx.Min(x, high), low)), zero);
                var j = Avx2.Add(Avx.ConvertToVector256Int32(Avx.Max(Avx.Min(y, high), low)), zero);
                var words = Avx2.Permute4x64(Avx2.PackSignedSaturate(i, j).AsInt64(), 0b11_01_10_00).AsInt16();
                var bytes = Sse2.PackSignedSaturate(words.GetLower(), words.GetUpper());
                if (rest >= 16)
                {
                    bytes.Store(destination);
                }
                else
                {
                    StorePart(destination, bytes, rest);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunScalar(int* sums, nint sumStride, int rows, int columns, int* bias, float* scales, in Requantization p, sbyte* output, nint stride)
    {
        float low = p.Minimum - p.ZeroPoint;
        float high = p.Maximum - p.ZeroPoint;
        for (var row = 0; row < rows; row++, sums += sumStride, output += stride)
        {
            for (nint column = 0; column < columns; column++)
            {
                var x = (sums[column] + bias[column]) * scales[column];
                x = x < high ? x : high;
                x = x > low ? x : low;
                output[column] = (sbyte)((int)MathF.Round(x) + p.ZeroPoint);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart(sbyte* destination, Vector128<sbyte> bytes, int count) =>
        Unsafe.CopyBlockUnaligned(destination, &bytes, (uint)count);
}
