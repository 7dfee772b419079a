using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Quantises rows of floats to signed bytes, each row with a scale and zero point of its own (qdint8). The result is the same bits on every rung.
/// </summary>
/// <remarks>
/// A row is a sequence of blocks of <see cref="BlockBytes"/>: 32 codes, those of eight steps of K in the order 0, 2, 4, 6, 1, 3, 5, 7, so that they meet the
/// low and then the high nibbles of four bytes of 4-bit weights; and four bytes that take back the 8 that is added to a 4-bit weight where it is stored:
/// -8 times the sum of the block's codes, as one integer, or as two of 16 bits for the first and the last two bytes of each four. Codes beyond K are 0.
/// A row that holds a NaN or an infinity, or is wider than a float, has no scale: its inverse is NaN and its codes are 0. A row of numbers
/// so small that its scale would be infinite has codes and inverse 0.
/// </remarks>
internal static unsafe partial class RowQuantizer
{
    /// <summary>Steps of K in a block.</summary>
    public const int BlockLength = 32;

    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 36;

    private const int Lowest = -128;
    private const int Highest = 127;

    /// <summary>Bytes from one row to the next: an odd number of cache lines, so that rows do not fall into the same cache sets.</summary>
    public static nint RowStride(int k) => (((((nint)k + BlockLength - 1) / BlockLength * BlockBytes) + 63) / 64 | 1) * 64;

    /// <summary>Quantises rows.</summary>
    /// <param name="instructionSet">The rung: of the work, and of the products that read the rows.</param>
    /// <param name="source">First element of the first row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="k">Elements of a row; rows follow one another.</param>
    /// <param name="rowsPerScale">How many rows that follow one another share a scale; divides <paramref name="rows"/>.</param>
    /// <param name="destination">Receives rows of <see cref="RowStride"/> bytes; aligned to 4.</param>
    /// <param name="parameters">Receives each row's parameters.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(
        InstructionSet instructionSet, float* source, nint rows, int k, nint rowsPerScale, byte* destination, RowQuantization* parameters)
    {
        var stride = RowStride(k);
        for (nint first = 0; first < rows; first += rowsPerScale)
        {
            var chosen = Measure(instructionSet, source, rowsPerScale * k);
            for (nint i = 0; i < rowsPerScale; i++)
            {
                *parameters = QuantizeRow(instructionSet, source, k, chosen, destination);
                source += k;
                destination += stride;
                parameters++;
            }
        }
    }

    /// <summary>The parameters of values that share a scale; <see cref="RowQuantization.Sum"/> is left 0.</summary>
    public static RowQuantization Measure(InstructionSet instructionSet, float* source, nint count)
    {
        float least;
        float greatest;
        bool isFinite;
        switch (instructionSet)
        {
            case InstructionSet.Avx512 or InstructionSet.Avx512Vnni:
                isFinite = Range512(source, count, out least, out greatest);
                break;
            case InstructionSet.Avx2 or InstructionSet.AvxVnni:
                isFinite = Range256(source, count, out least, out greatest);
                break;
            case InstructionSet.Scalar:
                isFinite = Range(source, count, out least, out greatest);
                break;
            default:
                isFinite = Range128(source, count, out least, out greatest);
                break;
        }

        return Choose(least, greatest, isFinite);
    }

    /// <summary>Quantises one row with parameters that <see cref="Measure"/> has chosen.</summary>
    /// <returns>The parameters with the row's sum.</returns>
    public static RowQuantization QuantizeRow(InstructionSet instructionSet, float* source, int k, RowQuantization chosen, byte* destination)
    {
        chosen.Sum = chosen.Scale == 0 ? Clear(destination, k) : Encode(instructionSet, source, k, chosen.Scale, chosen.ZeroPoint, destination);
        return chosen;
    }

    /// <summary>Whether a block's correction is two 16-bit integers on a rung, not one of 32 bits.</summary>
    public static bool SumsPairs(InstructionSet instructionSet) =>
        instructionSet is not (InstructionSet.Scalar or InstructionSet.AvxVnni or InstructionSet.Avx512Vnni or InstructionSet.ArmDot);

    private static int Encode(InstructionSet instructionSet, float* source, int k, float scale, int zeroPoint, byte* destination) => instructionSet switch
    {
        InstructionSet.Avx512 or InstructionSet.Avx512Vnni => Encode512(source, k, scale, zeroPoint, destination, SumsPairs(instructionSet)),
        InstructionSet.Avx2 or InstructionSet.AvxVnni => Encode256(source, k, scale, zeroPoint, destination, SumsPairs(instructionSet)),
        InstructionSet.Scalar => Encode(source, k, scale, zeroPoint, destination),
        _ => Encode128(source, k, scale, zeroPoint, destination, SumsPairs(instructionSet)),
    };

    private static RowQuantization Choose(float least, float greatest, bool isFinite)
    {
        var scale = least == greatest ? 1 : (Highest - Lowest) / (greatest - least);
        if (!isFinite || scale == 0)
        {
            return new RowQuantization { InverseScale = float.NaN };
        }

        if (scale > float.MaxValue)
        {
            return default;
        }

        var (low, high) = (least * scale, greatest * scale);
        var zero = (Lowest + low) + (Highest + high) > 0 ? Lowest - low : Highest - high;
        return new RowQuantization
        {
            Scale = scale,
            InverseScale = 1 / scale,
            ZeroPoint = (int)MathF.Round(Math.Clamp(zero, Lowest, Highest)),
        };
    }

    private static int Clear(byte* destination, int k)
    {
        new Span<byte>(destination, (k + BlockLength - 1) / BlockLength * BlockBytes).Clear();
        return 0;
    }

    private static bool Range(float* source, nint count, out float least, out float greatest)
    {
        (least, greatest) = (0, 0);
        var isFinite = true;
        for (nint i = 0; i < count; i++)
        {
            var value = source[i];
            isFinite &= float.IsFinite(value);
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }

        return isFinite;
    }

    private static int Encode(float* source, int k, float scale, int zeroPoint, byte* destination)
    {
        var total = 0;
        for (var start = 0; start < k; start += BlockLength)
        {
            var count = Math.Min(BlockLength, k - start);
            var sum = 0;
            new Span<byte>(destination, BlockBytes).Clear();
            for (var i = 0; i < count; i++)
            {
                var scaled = source[start + i] * scale;
                var code = (int)MathF.Round(Math.Clamp(scaled, Lowest - zeroPoint, Highest - zeroPoint)) + zeroPoint;
                destination[Place(i)] = (byte)code;
                sum += code;
            }

            *(int*)(destination + BlockLength) = -8 * sum;
            destination += BlockBytes;
            total += sum;
        }

        return total;
    }

    /// <summary>Where the code of a step of K stands in its block.</summary>
    private static int Place(int step) => (step & ~7) | ((step & 1) << 2) | ((step & 7) >> 1);

    /// <summary>What is left of a row, at the start of a whole block.</summary>
    private static float* CopyRest(float* source, int count, float* block)
    {
        new Span<float>(block, BlockLength).Clear();
        new Span<float>(source, count).CopyTo(new Span<float>(block, BlockLength));
        return block;
    }
}
