using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>State of one running product; the caller keeps it and uses it for one product at a time.</summary>
internal sealed unsafe class GemmJob : IParallelWork
{
    // Each block reads all weights; the second-level cache holds a pass of so many rows.
    private const int RowsPerBlock = 128;

    // Weights of this size come from the third-level cache faster than they are used: each thread then has rows of its own.
    private const long SharedWeightBytes = 4 << 20;
    private const int LeastRowsOfThread = 32;

    private PackedMatrix _weights = null!;
    private float* _a;
    private float* _c;
    private nint _aStride;
    private nint _cStride;
    private int _m;
    private float _min;
    private float _max;
    private float* _scratch;
    private int _rowBlocks;
    private int _blockRows;
    private int _panelsPerChunk;
    private int _panelChunks;

    /// <summary>Rows of a block: whole tiles, so that only the last block has a remainder.</summary>
    internal static int BlockRows(PackedMatrix weights, int m, int threads)
    {
        var blocks = (m + RowsPerBlock - 1) / RowsPerBlock;
        if (blocks < threads && (long)weights.N * weights.K * weights.ElementBytes <= SharedWeightBytes)
        {
            blocks = Math.Max(blocks, Math.Min(threads, m / LeastRowsOfThread));
        }

        var tile = weights.Kernels.MaxRows;
        return Math.Min(RowsPerBlock, (((m + blocks - 1) / blocks) + tile - 1) / tile * tile);
    }

    /// <summary>Whether rows are copied together before use: rows a power of two apart fall into the same cache sets.</summary>
    internal static bool CopiesRows(PackedMatrix weights, int m) => m >= 16 && weights.K >= 512 && weights.PanelCount >= 4;

    internal static nint ScratchPerWorker(PackedMatrix weights) => (nint)RowsPerBlock * (weights.K + 16) * sizeof(float);

    internal void Run(
        ComputePool? pool, PackedMatrix weights, float* a, int m, nint aStride, float* c, nint cStride, float min, float max, float* scratch)
    {
        _weights = weights;
        _a = a;
        _m = m;
        _aStride = aStride;
        _c = c;
        _cStride = cStride;
        _min = min;
        _max = max;
        _scratch = CopiesRows(weights, m) && aStride * sizeof(float) % 1024 == 0 ? scratch : null;
        var panels = weights.PanelCount;
        var threads = pool?.ThreadCount ?? 1;
        _blockRows = BlockRows(weights, m, threads);
        _rowBlocks = (m + _blockRows - 1) / _blockRows;
        var operations = 2.0 * m * weights.N * weights.K;
        var bytes = (weights.ElementBytes * (double)weights.N * weights.K) + (4.0 * m * (weights.K + weights.N));
        var items = ParallelCost.Items(ParallelCost.Microseconds(operations, bytes, weights.PanelWidth), threads);
        var chunks = (items + _rowBlocks - 1) / _rowBlocks;
        // Chunks of whole register blocks: 12 panels cut evenly by 3 and by 4. Larger units would leave one thread with less than another.
        var unit = weights.Kernels.MaxPanels(Math.Min(m, weights.Kernels.MaxRows)) == 3 && panels >= 12 * chunks ? 12 : 4;
        _panelsPerChunk = ((((panels + chunks - 1) / chunks) + unit - 1) / unit) * unit;
        _panelChunks = (panels + _panelsPerChunk - 1) / _panelsPerChunk;

        ParallelCost.Run(pool, _rowBlocks * _panelChunks, operations, bytes, weights.PanelWidth, this);
    }

    [SkipLocalsInit]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var weights = _weights;
        var rows = stackalloc float*[RowsPerBlock];
        nint zero = 0;
        var t = new TileArguments
        {
            Offsets = &zero,
            SegmentCount = 1,
            SegmentLength = weights.K,
            BStep = weights.PanelWidth,
            BPanel = weights.PanelStride,
            CStride = _cStride,
            Min = _min,
            Max = _max,
        };
        var copiedBlock = -1;
        for (var item = start; item < end; item++)
        {
            var block = item / _panelChunks;
            var firstPanel = (item % _panelChunks) * _panelsPerChunk;
            var panelCount = Math.Min(_panelsPerChunk, weights.PanelCount - firstPanel);
            var firstRow = block * _blockRows;
            var rowCount = Math.Min(_blockRows, _m - firstRow);
            if (block != copiedBlock)
            {
                copiedBlock = block;
                if (_scratch != null)
                {
                    var stride = (nint)weights.K + 16;
                    var strip = _scratch + (worker * (ScratchPerWorker(weights) / sizeof(float)));
                    for (var i = 0; i < rowCount; i++)
                    {
                        Unsafe.CopyBlockUnaligned(strip, _a + ((firstRow + i) * _aStride), (uint)weights.K * sizeof(float));
                        rows[i] = strip;
                        strip += stride;
                    }
                }
                else
                {
                    for (var i = 0; i < rowCount; i++)
                    {
                        rows[i] = _a + ((firstRow + i) * _aStride);
                    }
                }
            }

            TileRunner.Run(
                weights.Kernels, ref t, rows, rowCount, weights.Panel(firstPanel),
                weights.Bias + (firstPanel * weights.PanelWidth), panelCount,
                firstPanel + panelCount == weights.PanelCount ? weights.LastLanes : weights.PanelWidth,
                _c + (firstRow * _cStride) + (firstPanel * weights.PanelWidth));
        }
    }
}
