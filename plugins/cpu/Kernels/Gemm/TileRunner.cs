namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Covers a block of rows and panels with tiles, in passes over K so that a pass's panels stay in the second-level cache.</summary>
internal static unsafe class TileRunner
{
    /// <summary>Steps of K in one pass of several segments.</summary>
    public const int PassLength = 512;

    // One segment is cut later: its rows lie together, and each cut loads and stores C once more.
    private const int CutLength = 1024;

    /// <summary>Computes rows of C.</summary>
    /// <param name="kernels">The rung.</param>
    /// <param name="t">Segments, B's strides, C's stride, bounds; the rest is set here.</param>
    /// <param name="rows">Address of each row of A.</param>
    /// <param name="rowCount">Number of rows, 1 or more.</param>
    /// <param name="panels">First of the panels, of the elements that the kernels read.</param>
    /// <param name="bias">Bias of the first of the panels.</param>
    /// <param name="panelCount">Number of panels, 1 or more.</param>
    /// <param name="lastLanes">Lanes of the last of the panels that exist in C.</param>
    /// <param name="c">First element of C.</param>
    public static void Run(
        KernelSet kernels, ref TileArguments t, float** rows, int rowCount, void* panels, float* bias, int panelCount, int lastLanes, float* c)
    {
        var width = kernels.Width;
        if (lastLanes < width && panelCount > 1 && t.SegmentCount * t.SegmentLength > PassLength)
        {
            // A pass that goes on from C reads whole registers of it, and the last panel has none.
            Run(kernels, ref t, rows, rowCount, panels, bias, panelCount - 1, width, c);
            var last = panelCount - 1;
            panels = (byte*)panels + (last * t.BPanel * kernels.WeightBytes);
            bias += last * width;
            c += last * width;
            panelCount = 1;
        }

        var (tileRows, largerTiles, maxPanels) = Tiles(kernels, rowCount, panelCount, t.BStep == width);
        var tileCount = (rowCount - largerTiles) / tileRows;

        var segmentCount = t.SegmentCount;
        var segmentLength = t.SegmentLength;
        var offsets = t.Offsets;
        var (min, max) = (t.Min, t.Max);
        nint segmentsOfPass = Math.Max(1, PassLength / Math.Max(1, segmentLength));
        // One long segment is cut, unless nothing reads it twice; many short ones are taken several at a time.
        nint passLength = tileCount > 1 && segmentLength > 2 * CutLength ? CutLength : segmentLength;
        if (lastLanes < width)
        {
            segmentsOfPass = segmentCount;
            passLength = segmentLength;
        }

        nint cutOffset = 0;
        fixed (TileArguments* p = &t)
        {
            nint segment = 0;
            nint position = 0;
            nint depth = 0;
            while (segment < segmentCount)
            {
                nint count = 1;
                nint length;
                if (passLength < segmentLength)
                {
                    length = Math.Min(passLength, segmentLength - position);
                    cutOffset = offsets[segment] + position;
                    p->Offsets = &cutOffset;
                    position += length;
                    if (position == segmentLength)
                    {
                        position = 0;
                        segment++;
                    }
                }
                else
                {
                    length = segmentLength;
                    count = Math.Min(segmentsOfPass, segmentCount - segment);
                    if (count < segmentCount - segment && segmentCount - segment < 2 * segmentsOfPass)
                    {
                        count = segmentCount - segment;
                    }

                    p->Offsets = offsets + segment;
                    segment += count;
                }

                var isFirst = depth == 0;
                var isLast = segment == segmentCount;
                p->SegmentCount = count;
                p->SegmentLength = length;
                p->IsBounded = isLast && (min > float.NegativeInfinity || max < float.PositiveInfinity);
                Pass(kernels, p, rows, tileCount, tileRows, largerTiles, (byte*)panels + (depth * p->BStep * kernels.WeightBytes), isFirst ? bias : null, panelCount, maxPanels, lastLanes, c, width);
                depth += count * length;
            }

            p->Offsets = offsets;
            p->SegmentCount = segmentCount;
            p->SegmentLength = segmentLength;
        }
    }

    /// <summary>How rows are cut: all tiles have so many rows, the first ones one more; and most panels of a tile.</summary>
    /// <param name="kernels">The rung.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="panelCount">Number of panels.</param>
    /// <param name="isPacked">
    /// Whether a panel's values lie together. One row is bound by memory, which is fastest as one stream: a panel after the other, or whole rows of B.
    /// </param>
    internal static (int TileRows, int LargerTiles, int MaxPanels) Tiles(KernelSet kernels, int rowCount, int panelCount, bool isPacked)
    {
        var maxRows = panelCount == 1 ? 8 : kernels.MaxRows;
        var tileCount = (rowCount + maxRows - 1) / maxRows;
        var tileRows = rowCount / tileCount;
        var largerTiles = rowCount % tileCount;
        return (tileRows, largerTiles, rowCount == 1 && isPacked ? 1 : kernels.MaxPanels(largerTiles > 0 ? tileRows + 1 : tileRows));
    }

    /// <summary>Whether tiles of so many panels are among those that panels are cut into.</summary>
    internal static bool Takes(int panelCount, int maxPanels, int panels)
    {
        while (panelCount > 0)
        {
            var take = Take(panelCount, maxPanels);
            if (take == panels)
            {
                return true;
            }

            panelCount -= take;
        }

        return false;
    }

    // Four panels are two and two, not three and one.
    private static int Take(int panelCount, int maxPanels) =>
        panelCount <= maxPanels ? panelCount : panelCount == maxPanels + 1 && maxPanels > 2 ? maxPanels - 1 : maxPanels;

    private static void Pass(
        KernelSet kernels, TileArguments* t, float** rows, int tileCount, int tileRows, int largerTiles, byte* panels, float* bias,
        int panelCount, int maxPanels, int lastLanes, float* c, int width)
    {
        var panel = 0;
        while (panel < panelCount)
        {
            var rest = panelCount - panel;
            var take = Take(rest, maxPanels);
            t->B = panels + (panel * t->BPanel * kernels.WeightBytes);
            t->LastLanes = panel + take == panelCount ? lastLanes : width;
            t->C = c + (panel * width);
            t->Init = bias == null ? t->C : bias + (panel * width);
            t->InitStride = bias == null ? t->CStride : 0;
            t->Rows = rows;
            var large = largerTiles > 0 ? kernels.Tile(tileRows + 1, take) : null;
            var small = kernels.Tile(tileRows, take);
            for (var i = 0; i < tileCount; i++)
            {
                if (i < largerTiles)
                {
                    large(t);
                    t->Rows += tileRows + 1;
                    t->C += (tileRows + 1) * t->CStride;
                    t->Init += (tileRows + 1) * t->InitStride;
                }
                else
                {
                    small(t);
                    t->Rows += tileRows;
                    t->C += tileRows * t->CStride;
                    t->Init += tileRows * t->InitStride;
                }
            }

            panel += take;
        }
    }
}
