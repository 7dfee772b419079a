using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Covers a block of rows by one stream of packed weights with tiles.</summary>
internal static unsafe class QuantizedTileRunner
{
    /// <summary>Computes the columns of a stream: c[row, column] = clamp(row * weights + bias, min, max).</summary>
    /// <param name="weights">Packed weights.</param>
    /// <param name="stream">Which pair of panels.</param>
    /// <param name="rows">Rows as <see cref="RowQuantizer"/> writes them.</param>
    /// <param name="parameters">Their parameters.</param>
    /// <param name="rowCount">Number of rows, 1 or more.</param>
    /// <param name="c">First result of the first row: column 0 of the matrix.</param>
    /// <param name="cStride">Elements from one row of results to the next.</param>
    /// <param name="min">Lower bound.</param>
    /// <param name="max">Upper bound.</param>
    /// <param name="next">Weights that are read after these, to be fetched while there is time; null if there are none.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        PackedQuantizedMatrix weights, int stream, byte* rows, RowQuantization* parameters, int rowCount, float* c, nint cStride, float min, float max,
        byte* next)
    {
        var kernels = weights.Kernels;
        if (kernels.IsMachineCode)
        {
            QuantizedVnniRunner.Run(weights, stream, rows, parameters, rowCount, c, cStride, min, max, next);
            return;
        }

        var panels = weights.PanelsOf(stream);
        var firstColumn = stream * 2 * weights.Width;
        var isLast = stream == weights.StreamCount - 1;
        var stride = RowQuantizer.RowStride(weights.K);
        var sums = stackalloc float[6 * 2 * 16];
        var groupBytes = panels * (weights.PanelScaleBytes + ((nint)weights.BlocksPerGroup * weights.PanelBlockBytes));
        var t = new QuantizedTileArguments
        {
            RowStride = stride,
            GroupCount = weights.GroupCount,
            BlocksPerGroup = weights.BlocksPerGroup,
            BlockStep = panels * weights.PanelBlockBytes,
            GroupStep = groupBytes,
            CStride = cStride,
            Min = min,
            Max = max,
            IsBounded = min > float.NegativeInfinity || max < float.PositiveInfinity,
            Sums = sums,
        };
        var (tileRows, largerTiles, tileCount, taken) = kernels.Tiles(rowCount, panels);
        var small = kernels.Tile(tileRows, taken);
        var large = largerTiles > 0 ? kernels.Tile(tileRows + 1, taken) : small;
        for (var panel = 0; panel < panels; panel += taken)
        {
            var column = firstColumn + (panel * weights.Width);
            t.Scales = weights.Stream(stream) + (panel * weights.PanelScaleBytes);
            t.Weights = weights.Stream(stream) + (panels * weights.PanelScaleBytes) + (panel * weights.PanelBlockBytes);
            t.ColumnSums = weights.ColumnSums + (column * sizeof(float));
            t.Bias = weights.Bias + column;
            t.ChannelScales = weights.ChannelScales + column;
            t.LastLanes = isLast && panel + taken == panels ? weights.LastLanes : weights.Width;
            t.Rows = rows;
            t.Parameters = parameters;
            t.C = c + column;
            for (var tile = 0; tile < tileCount; tile++)
            {
                var count = tile < largerTiles ? tileRows + 1 : tileRows;
                if (weights.Kind == QuantizedWeightKind.Int4Group)
                {
                    new Span<float>(sums, count * taken * weights.Width).Clear();
                }

                if (tile < largerTiles)
                {
                    large(&t);
                }
                else
                {
                    small(&t);
                }

                t.Rows += count * stride;
                t.Parameters += count;
                t.C += count * cStride;
            }
        }
    }
}
