using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>State of one running batch of products of activations; the caller keeps it and uses it for one at a time.</summary>
internal sealed unsafe class BatchMatMulJob : IParallelWork
{
    private const int RowsPerBlock = 64;

    // A wide B is read in place by so few rows; more of them are worth packing it.
    private const int MaxRowsUnpacked = 48;

    private KernelSet _kernels = null!;
    private BatchMatMulArguments _x;
    private float* _scratch;
    private nint _scratchPerWorker;
    private int _rowsPerItem;
    private int _itemsPerProduct;

    internal static nint ScratchPerWorker(KernelSet kernels, int n, int k) =>
        (((((nint)n + kernels.Width - 1) / kernels.Width * kernels.Width * k) + 15) & ~(nint)15) * sizeof(float);

    internal void Run(ComputePool? pool, KernelSet kernels, in BatchMatMulArguments x, byte* scratch)
    {
        _kernels = kernels;
        _x = x;
        _scratch = (float*)scratch;
        _scratchPerWorker = ScratchPerWorker(kernels, x.N, x.K) / sizeof(float);
        // Too few products for the threads: their rows are shared out, and each share packs its own B.
        var isSplit = pool is not null && x.BatchCount < 2 * pool.ThreadCount && x.M >= 2 * RowsPerBlock;
        _rowsPerItem = isSplit ? RowsPerBlock : x.M;
        _itemsPerProduct = (x.M + _rowsPerItem - 1) / _rowsPerItem;
        var operations = 2.0 * x.BatchCount * x.M * x.N * x.K;
        var bytes = 4.0 * x.BatchCount * (((double)x.N * x.K) + ((double)x.M * (x.K + x.N)));
        ParallelCost.Run(pool, x.BatchCount * _itemsPerProduct, operations, bytes, kernels.Width, this);
    }

    void IParallelWork.Execute(int start, int end, int worker)
    {
        var packed = _scratch + (worker * _scratchPerWorker);
        for (var item = start; item < end; item++)
        {
            var batch = item / _itemsPerProduct;
            var firstRow = item % _itemsPerProduct * _rowsPerItem;
            var rowCount = Math.Min(_rowsPerItem, _x.M - firstRow);
            var a = _x.A + (_x.AOffsets == null ? batch * _x.M * _x.AStride : _x.AOffsets[batch]) + (firstRow * _x.AStride);
            var b = _x.B + (_x.BOffsets == null ? batch * (_x.IsBTransposed ? _x.N : _x.K) * _x.BStride : _x.BOffsets[batch]);
            var c = _x.C + (batch * _x.CBatchStride) + (firstRow * _x.CStride);
            One(_kernels, _x, a, rowCount, b, c, packed);
        }
    }

    /// <summary>Whether <see cref="One"/> packs a transposed B.</summary>
    internal static bool PacksTransposed(in BatchMatMulArguments x, int m) => x.IsBTransposed && m > 2;

    /// <summary>One product of so many rows.</summary>
    /// <param name="kernels">The rung.</param>
    /// <param name="x">Sizes, strides and bounds; its pointers are not read.</param>
    /// <param name="a">First row.</param>
    /// <param name="m">Number of rows.</param>
    /// <param name="b">Right-hand side.</param>
    /// <param name="c">Result.</param>
    /// <param name="packed">Scratch of <see cref="ScratchPerWorker"/> bytes.</param>
    /// <param name="packedPanels">How many whole panels of a transposed B the scratch holds already, from an earlier product.</param>
    [SkipLocalsInit]
    internal static void One(KernelSet kernels, in BatchMatMulArguments x, float* a, int m, float* b, float* c, float* packed, int packedPanels = 0)
    {
        if (x.IsBTransposed && !PacksTransposed(x, m))
        {
            for (var i = 0; i < m; i++)
            {
                kernels.Dot(a + (i * x.AStride), b, x.BStride, x.N, x.K, c + (i * x.CStride), x.Min, x.Max);
            }

            return;
        }

        var width = kernels.Width;
        var panelCount = (x.N + width - 1) / width;
        var lastLanes = x.N - ((panelCount - 1) * width);
        var wholePanels = lastLanes == width ? panelCount : panelCount - 1;
        nint zero = 0;
        var t = new TileArguments
        {
            Offsets = &zero,
            SegmentCount = 1,
            SegmentLength = x.K,
            CStride = x.CStride,
            Min = x.Min,
            Max = x.Max,
        };
        var bias = stackalloc float[4 * 16];
        new Span<float>(bias, 4 * 16).Clear();

        var packsAll = x.IsBTransposed || m > MaxRowsUnpacked;
        for (var panel = packsAll ? packedPanels : wholePanels; panel < panelCount; panel++)
        {
            var lanes = panel == panelCount - 1 ? lastLanes : width;
            var destination = packed + ((nint)panel * width * x.K);
            if (x.IsBTransposed)
            {
                Packing.Transpose(b + (panel * width * x.BStride), x.BStride, lanes, x.K, destination, width);
            }
            else
            {
                Packing.Copy(b + (panel * width), x.BStride, lanes, x.K, destination, width);
            }
        }

        var rows = stackalloc float*[RowsPerBlock];
        for (var row = 0; row < m; row += RowsPerBlock)
        {
            var rowCount = Math.Min(RowsPerBlock, m - row);
            for (var i = 0; i < rowCount; i++)
            {
                rows[i] = a + ((row + i) * x.AStride);
            }

            var o = c + (row * x.CStride);
            if (packsAll)
            {
                t.BStep = width;
                t.BPanel = (nint)width * x.K;
                Panels(kernels, ref t, rows, rowCount, packed, panelCount, lastLanes, o, bias);
                continue;
            }

            if (wholePanels > 0)
            {
                t.BStep = x.BStride;
                t.BPanel = width;
                Panels(kernels, ref t, rows, rowCount, b, wholePanels, width, o, bias);
            }

            if (wholePanels < panelCount)
            {
                t.BStep = width;
                t.BPanel = (nint)width * x.K;
                Panels(kernels, ref t, rows, rowCount, packed + (wholePanels * t.BPanel), 1, lastLanes, o + (wholePanels * width), bias);
            }
        }
    }

    // Four panels at a time: the zeros that stand for a bias cover so many.
    private static void Panels(KernelSet kernels, ref TileArguments t, float** rows, int rowCount, float* panels, int panelCount, int lastLanes, float* c, float* zeros)
    {
        var width = kernels.Width;
        for (var panel = 0; panel < panelCount; panel += 4)
        {
            var count = Math.Min(4, panelCount - panel);
            TileRunner.Run(
                kernels, ref t, rows, rowCount, panels + (panel * t.BPanel), zeros, count, panel + count == panelCount ? lastLanes : width,
                c + (panel * width));
        }
    }
}
