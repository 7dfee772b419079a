using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Covers a block of rows by one stream of packed 8-bit weights with <see cref="VnniTiles"/>, and makes floats of their sums.</summary>
internal static unsafe class QuantizedVnniRunner
{
    // What the tiles add to activations, which the instruction takes unsigned.
    private const int ActivationOffset = 128;

    private const int Width = 16;
    private const int PanelsPerStream = 2;

    /// <inheritdoc cref="QuantizedTileRunner.Run"/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        PackedQuantizedMatrix weights, int stream, byte* rows, RowQuantization* parameters, int rowCount, float* c, nint cStride, float min, float max)
    {
        var (panels, blocks, stride) = (weights.PanelsOf(stream), weights.BlockCount, RowQuantizer.RowStride(weights.K));
        var firstColumn = stream * PanelsPerStream * Width;
        var isBounded = min > float.NegativeInfinity || max < float.PositiveInfinity;
        var sums = stackalloc int[VnniTiles.MaxRows * PanelsPerStream * Width];
        var offsets = stackalloc nint[blocks + 1];
        for (var block = 0; block < blocks; block++)
        {
            offsets[block] = (nint)block * RowQuantizer.BlockBytes;
        }

        var tileCount = (rowCount + VnniTiles.MaxRows - 1) / VnniTiles.MaxRows;
        var tileRows = rowCount / tileCount;
        var largerTiles = rowCount % tileCount;
        for (var tile = 0; tile < tileCount; tile++)
        {
            var count = tile < largerTiles ? tileRows + 1 : tileRows;
            var t = new VnniTileArguments
            {
                Offsets = offsets,
                SegmentCount = blocks,
                SegmentLength = RowQuantizer.BlockLength,
                B = (sbyte*)weights.Stream(stream),
                PanelStride = weights.PanelBytes,
                Sums = sums,
            };
            for (var i = 0; i < count; i++)
            {
                t.Rows[i] = (nint)(rows + (i * stride));
            }

            if (blocks > 0)
            {
                VnniTiles.Tile(count, panels)(&t);
            }
            else
            {
                new Span<int>(sums, count * panels * Width).Clear();
            }

            for (var panel = 0; panel < panels; panel++)
            {
                var column = firstColumn + (panel * Width);
                var columnSums = Vector512.Load((int*)weights.ColumnSums + column);
                var bias = Vector512.Load(weights.Bias + column);
                var scales = Vector512.Load(weights.ChannelScales + column);
                var lanes = Math.Min(Width, weights.N - column);
                for (var i = 0; i < count; i++)
                {
                    var sum = Vector512.Load(sums + (((i * panels) + panel) * Width));
                    sum -= columnSums * Vector512.Create(ActivationOffset + parameters[i].ZeroPoint);
                    var result = SimdAvx512.MultiplyAdd(
                        Vector512.ConvertToSingle(sum) * Vector512.Create(parameters[i].InverseScale), scales, bias);
                    if (isBounded)
                    {
                        result = SimdAvx512.Clamp(result, Vector512.Create(min), Vector512.Create(max));
                    }

                    if (lanes == Width)
                    {
                        SimdAvx512.Store(c + (i * cStride) + column, result);
                    }
                    else
                    {
                        SimdAvx512.StorePartial(c + (i * cStride) + column, result, lanes);
                    }
                }
            }

            rows += count * stride;
            parameters += count;
            c += count * cStride;
        }
    }
}
