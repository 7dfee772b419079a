using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Covers a block of rows by one stream of packed 4-bit weights with the tiles of <see cref="VnniTiles.Int4Tile"/>, and finishes their sums.</summary>
internal static unsafe class Int4VnniRunner
{
    private const int MaxRows = 6;
    private const int Width = 16;
    private const int PanelsPerStream = 2;

    /// <inheritdoc cref="QuantizedTileRunner.Run"/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        PackedQuantizedMatrix weights, int stream, byte* rows, RowQuantization* parameters, int rowCount, float* c, nint cStride, float min, float max)
    {
        var panels = weights.PanelsOf(stream);
        var hasScales = weights.HasGroups;
        var stride = RowQuantizer.RowStride(weights.K);
        var sums = stackalloc float[MaxRows * PanelsPerStream * Width];
        var t = new QuantizedTileArguments
        {
            RowStride = stride,
            GroupCount = weights.GroupCount,
            BlocksPerGroup = weights.BlocksPerGroup,
            BlockStep = panels * weights.PanelBlockBytes,
            GroupStep = panels * (weights.PanelScaleBytes + ((nint)weights.BlocksPerGroup * weights.PanelBlockBytes)),
            Sums = sums,
            Scales = weights.Stream(stream),
            Weights = weights.Stream(stream) + (panels * weights.PanelScaleBytes),
        };
        var column = stream * PanelsPerStream * Width;
        var tileCount = (rowCount + MaxRows - 1) / MaxRows;
        var (tileRows, largerTiles) = (rowCount / tileCount, rowCount % tileCount);
        for (var tile = 0; tile < tileCount; tile++)
        {
            var count = tile < largerTiles ? tileRows + 1 : tileRows;
            t.Rows = rows;
            if (t.GroupCount > 0 && t.BlocksPerGroup > 0)
            {
                VnniTiles.Int4Tile(count, panels, hasScales)(&t);
            }
            else
            {
                new Span<float>(sums, count * panels * Width).Clear();
            }

            for (var panel = 0; panel < panels; panel++)
            {
                Finish(weights, column + (panel * Width), sums + (panel * Width), panels * Width, parameters, count, c, cStride, min, max);
            }

            rows += count * stride;
            parameters += count;
            c += count * cStride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(
        PackedQuantizedMatrix weights, int column, float* sums, int sumStride, RowQuantization* parameters, int count, float* c, nint cStride, float min, float max)
    {
        var hasScales = weights.HasGroups;
        var columnSums = Vector512.Load((float*)weights.ColumnSums + column);
        var bias = Vector512.Load(weights.Bias + column);
        var scales = hasScales ? default : Vector512.Load(weights.ChannelScales + column);
        var (low, high) = (Vector512.Create(min), Vector512.Create(max));
        var isBounded = min > float.NegativeInfinity || max < float.PositiveInfinity;
        var lanes = Math.Min(Width, weights.N - column);
        c += column;
        for (var i = 0; i < count; i++, sums += sumStride, c += cStride)
        {
            var inverse = Vector512.Create(parameters[i].InverseScale);
            var sum = Vector512.Load(sums);
            Vector512<float> result;
            if (hasScales)
            {
                sum = SimdAvx512.MultiplyAdd(columnSums, Vector512.Create((float)-parameters[i].ZeroPoint), sum);
                result = SimdAvx512.MultiplyAdd(sum, inverse, bias);
            }
            else
            {
                var integers = sum.AsInt32() - (columnSums.AsInt32() * Vector512.Create(parameters[i].ZeroPoint));
                result = SimdAvx512.MultiplyAdd(Vector512.ConvertToSingle(integers) * inverse, scales, bias);
            }

            if (isBounded)
            {
                result = SimdAvx512.Clamp(result, low, high);
            }

            if (lanes == Width)
            {
                SimdAvx512.Store(c, result);
            }
            else
            {
                SimdAvx512.StorePartial(c, result, lanes);
            }
        }
    }
}
