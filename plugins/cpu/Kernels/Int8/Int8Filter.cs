using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Filters of a product or convolution of signed bytes in the order in which <see cref="Int8Tiles"/> read them: for each group panels of 16 columns, each
/// [segment][four bytes of it][16][4], zeros beyond; then a 32-bit bias and a float scale for each column. Immutable once it is filled.
/// </summary>
internal sealed unsafe class Int8Filter : PackedForm
{
    /// <summary>Describes the form; its memory is attached.</summary>
    /// <param name="rung">The rung whose tiles read it.</param>
    /// <param name="groups">Groups of columns.</param>
    /// <param name="n">Columns of a group.</param>
    /// <param name="segments">Runs of bytes that a row of the left side consists of.</param>
    /// <param name="length">Bytes of a segment.</param>
    public Int8Filter(InstructionSet rung, int groups, int n, int segments, int length)
    {
        Rung = rung;
        Tiles = Int8Tiles.For(rung);
        (Groups, N, Segments, Length) = (groups, n, segments, length);
        PaddedLength = Math.Max(4, ((nint)length + 3) & ~(nint)3);
        PanelCount = (n + 15) / 16;
        PanelStride = segments * PaddedLength * 16;
        GroupStride = PanelCount * PanelStride;
        ByteCount = groups * (GroupStride + ((nint)PanelCount * 16 * 8));
    }

    public InstructionSet Rung { get; }

    public Int8Tiles Tiles { get; }

    public int Groups { get; }

    public int N { get; }

    public int Segments { get; }

    public int Length { get; }

    public nint PaddedLength { get; }

    public int PanelCount { get; }

    public nint PanelStride { get; }

    public override nint ByteCount { get; }

    private nint GroupStride { get; }

    public sbyte* Panels(int group) => (sbyte*)Memory + (group * GroupStride);

    public int* Bias(int group) => (int*)(Memory + (Groups * GroupStride)) + ((nint)group * PanelCount * 16);

    public float* Scales(int group) => (float*)(Bias(0) + ((nint)Groups * PanelCount * 16)) + ((nint)group * PanelCount * 16);

    /// <summary>Packs into the attached memory.</summary>
    /// <param name="filter">[groups * N][segments][length]; with <paramref name="isFlipped"/> the segments of a row are read from the last on.</param>
    /// <param name="bias">A value for each column, or null for zero.</param>
    /// <param name="scales">The factor from sums to results, for each column.</param>
    /// <param name="inputZeroPoint">Zero point of the left side.</param>
    /// <param name="isFlipped">Whether segments are turned round.</param>
    public void Fill(sbyte* filter, int* bias, ReadOnlySpan<float> scales, int inputZeroPoint, bool isFlipped)
    {
        for (var group = 0; group < Groups; group++)
        {
            for (var column = 0; column < N; column++)
            {
                var source = filter + (((nint)group * N) + column) * Segments * Length;
                var target = Panels(group) + (column / 16 * PanelStride) + (column % 16 * 4);
                var sum = 0;
                for (var segment = 0; segment < Segments; segment++)
                {
                    var row = source + ((nint)(isFlipped ? Segments - 1 - segment : segment) * Length);
                    for (nint i = 0; i < Length; i++)
                    {
                        target[((i >> 2) * 64) + (i & 3)] = row[i];
                        sum += row[i];
                    }

                    target += PaddedLength * 16;
                }

                var channel = (group * N) + column;
                Bias(group)[column] = unchecked((bias == null ? 0 : bias[channel]) - ((inputZeroPoint + Tiles.Offset) * sum));
                Scales(group)[column] = scales[channel];
            }
        }
    }
}
