using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Covers a block of rows by one stream of packed weights with <see cref="VnniTiles"/>, and makes results of their sums.</summary>
internal static unsafe class QuantizedVnniRunner
{
    // What tiles of 8-bit weights add to activations, which the instruction takes unsigned.
    private const int ActivationOffset = 128;

    private const int Width = 16;
    private const int PanelsPerStream = 2;

    /// <inheritdoc cref="QuantizedTileRunner.Run"/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        PackedQuantizedMatrix weights, int stream, byte* rows, RowQuantization* parameters, int rowCount, float* c, nint cStride, float min, float max,
        byte* next)
    {
        var panels = weights.PanelsOf(stream);
        var column = stream * PanelsPerStream * Width;
        var stride = RowQuantizer.RowStride(weights.K);
        var sums = stackalloc float[VnniTiles.MaxRows * PanelsPerStream * Width];
        var writesResults = weights.HasGroups && weights.BlockCount > 0 && column + (panels * Width) <= weights.N;
        var isInt8 = weights.Kind == QuantizedWeightKind.Int8Channel;
        var offsets = stackalloc nint[isInt8 ? weights.BlockCount : 0];
        for (var block = 0; isInt8 && block < weights.BlockCount; block++)
        {
            offsets[block] = (nint)block * RowQuantizer.BlockBytes;
        }

        var tileCount = (rowCount + VnniTiles.MaxRows - 1) / VnniTiles.MaxRows;
        var (tileRows, largerTiles) = (rowCount / tileCount, rowCount % tileCount);

        // Each tile of 4-bit weights fetches a part of the next stream. Without one, what is in the cache.
        next = next == null ? weights.Stream(stream) : next;
        var fetched = (nint)weights.BlockCount * RowQuantizer.BlockBytes * Int4VnniTile.FetchedBytesForOneOfARow;
        var lastFetch = next + Math.Max(0, (panels * weights.PanelBytes) - fetched);
        for (var tile = 0; tile < tileCount; tile++)
        {
            var count = tile < largerTiles ? tileRows + 1 : tileRows;
            if (writesResults)
            {
                Results4(weights, stream, rows, stride, parameters, count, c, cStride, min, max, next);
            }
            else if (weights.BlockCount == 0)
            {
                new Span<float>(sums, count * panels * Width).Clear();
            }
            else if (isInt8)
            {
                Sum8(weights, stream, rows, stride, count, offsets, (int*)sums);
            }
            else
            {
                Sum4(weights, stream, rows, stride, count, sums, next);
            }

            for (var panel = 0; !writesResults && panel < panels; panel++)
            {
                Finish(
                    weights, column + (panel * Width), isInt8 ? ActivationOffset : 0, sums + (panel * Width), panels * Width, parameters, count, c, cStride, min, max);
            }

            rows += count * stride;
            parameters += count;
            c += count * cStride;
            next = next + fetched < lastFetch ? next + fetched : lastFetch;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum8(PackedQuantizedMatrix weights, int stream, byte* rows, nint stride, int count, nint* offsets, int* sums)
    {
        var t = new VnniTileArguments
        {
            Offsets = offsets,
            SegmentCount = weights.BlockCount,
            SegmentLength = RowQuantizer.BlockLength,
            B = (sbyte*)weights.Stream(stream),
            PanelStride = weights.PanelBytes,
            Sums = sums,
        };
        for (var i = 0; i < count; i++)
        {
            t.Rows[i] = (nint)(rows + (i * stride));
        }

        VnniTiles.Tile(count, weights.PanelsOf(stream))(&t);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum4(PackedQuantizedMatrix weights, int stream, byte* rows, nint stride, int count, float* sums, byte* next)
    {
        var t = Arguments(weights, stream, rows, stride);
        t.Sums = sums;
        t.NextWeights = next;
        VnniTiles.Int4Tile(count, weights.PanelsOf(stream), weights.HasGroups ? Int4TileKind.ScaledSums : Int4TileKind.IntegerSums)(&t);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Results4(
        PackedQuantizedMatrix weights, int stream, byte* rows, nint stride, RowQuantization* parameters, int count, float* c, nint cStride, float min, float max,
        byte* next)
    {
        var column = stream * PanelsPerStream * Width;
        var t = Arguments(weights, stream, rows, stride);
        t.Parameters = parameters;
        t.ColumnSums = weights.ColumnSums + (column * sizeof(float));
        t.Bias = weights.Bias + column;
        t.C = c + column;
        t.CStride = cStride;
        t.Min = min;
        t.Max = max;
        t.NextWeights = next;
        VnniTiles.Int4Tile(count, weights.PanelsOf(stream), Int4TileKind.Results)(&t);
    }

    private static QuantizedTileArguments Arguments(PackedQuantizedMatrix weights, int stream, byte* rows, nint stride)
    {
        var panels = weights.PanelsOf(stream);
        return new QuantizedTileArguments
        {
            Rows = rows,
            RowStride = stride,
            GroupCount = weights.GroupCount,
            BlocksPerGroup = weights.BlocksPerGroup,
            BlockStep = panels * weights.PanelBlockBytes,
            GroupStep = panels * (weights.PanelScaleBytes + ((nint)weights.BlocksPerGroup * weights.PanelBlockBytes)),
            Scales = weights.Stream(stream),
            Weights = weights.Stream(stream) + (panels * weights.PanelScaleBytes),
        };
    }

    /// <summary>Results of a panel: of floats with scales of groups applied, or of integers, to whose activations something was added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(
        PackedQuantizedMatrix weights, int column, int activationOffset, float* sums, int sumStride, RowQuantization* parameters, int count, float* c, nint cStride,
        float min, float max)
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
                var integers = sum.AsInt32() - (columnSums.AsInt32() * Vector512.Create(activationOffset + parameters[i].ZeroPoint));
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
