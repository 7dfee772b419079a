using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Products of the same rows of activations, quantised as they are, with one or more matrices of weights. The caller keeps it and uses it for one call at a
/// time; nothing is allocated by <see cref="Run"/>.
/// </summary>
internal sealed unsafe class QuantizedGemmJob : IParallelWork
{
    // Rows of a block, which stay in the second-level cache while all panels pass by.
    private const int RowsPerBlock = 192;

    // 4-bit products of a rung are so many times faster than its float products.
    private const double SpeedOverFloat = 6;

    // Quantising an element costs about as much as so many float operations.
    private const double OperationsToQuantize = 16;

    private const long FetchedBytes = 4096;

    private readonly InstructionSet _instructionSet;
    private readonly QuantizedProduct[] _products;
    private readonly int _streams;
    private readonly int _k;
    private readonly int _width;
    private readonly double _weightBytes;
    private readonly double _columns;
    private float* _source;
    private byte* _rows;
    private RowQuantization* _parameters;
    private int _m;
    private int _rowsPerScale;
    private int _blockRows;
    private bool _isQuantizing;

    /// <summary>Products that <see cref="Run"/> computes.</summary>
    /// <param name="instructionSet">The rung that the weights were packed for.</param>
    /// <param name="products">Weights and bounds; all with the same K. <see cref="QuantizedProduct.C"/> may be set before each run.</param>
    public QuantizedGemmJob(InstructionSet instructionSet, QuantizedProduct[] products)
    {
        _instructionSet = instructionSet;
        _products = products;
        _k = products[0].Weights.K;
        _width = products[0].Weights.Width;
        foreach (ref var product in products.AsSpan())
        {
            _streams += product.Weights.StreamCount;
            _weightBytes += product.Weights.ByteCount;
            _columns += product.Weights.N;
        }
    }

    /// <summary>Where the results go and their bounds, by product.</summary>
    public Span<QuantizedProduct> Products => _products;

    /// <summary>Bytes of scratch for so many rows.</summary>
    public static long GetScratchBytes(int k, int m) => (m * ((long)RowQuantizer.RowStride(k) + sizeof(RowQuantization))) + 64;

    /// <summary>Computes all products: C[M, N] = clamp(A[M, K] * weights + bias, min, max).</summary>
    /// <param name="pool">Threads; null runs on the caller's.</param>
    /// <param name="a">First element of A, whose rows follow one another.</param>
    /// <param name="m">Rows; 0 does nothing.</param>
    /// <param name="rowsPerScale">How many rows share a scale; divides <paramref name="m"/>.</param>
    /// <param name="scratch">As many bytes as <see cref="GetScratchBytes"/> says, aligned to 64.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(ComputePool? pool, float* a, int m, int rowsPerScale, byte* scratch)
    {
        if (m <= 0)
        {
            return;
        }

        _source = a;
        _m = m;
        _rowsPerScale = rowsPerScale;
        _rows = scratch;
        _parameters = (RowQuantization*)(scratch + (m * RowQuantizer.RowStride(_k)));
        if (m == 1)
        {
            // One row waits for weights: the first of them come while it is quantised.
            var weights = _products[0].Weights;
            CacheLines.Fetch(weights.Stream(0), (nint)Math.Min(weights.ByteCount, FetchedBytes));
        }

        _isQuantizing = true;
        ParallelCost.Run(pool, m / rowsPerScale, (double)m * _k * OperationsToQuantize, 5.0 * m * _k, _width, this);
        _isQuantizing = false;
        Multiply(pool);
    }

    /// <summary>Computes all products of rows that are quantised already.</summary>
    /// <param name="pool">Threads; null runs on the caller's.</param>
    /// <param name="rows">Rows as <see cref="RowQuantizer"/> writes them.</param>
    /// <param name="parameters">Their parameters.</param>
    /// <param name="m">Number of rows.</param>
    public void Run(ComputePool? pool, byte* rows, RowQuantization* parameters, int m)
    {
        _m = m;
        _rows = rows;
        _parameters = parameters;
        if (m > 0)
        {
            Multiply(pool);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        if (_isQuantizing)
        {
            var first = (nint)start * _rowsPerScale;
            RowQuantizer.Quantize(
                _instructionSet, _source + (first * _k), (end - start) * (nint)_rowsPerScale, _k, _rowsPerScale,
                _rows + (first * RowQuantizer.RowStride(_k)), _parameters + first);
            return;
        }

        for (var item = start; item < end; item++)
        {
            var firstRow = item / _streams * _blockRows;
            var stream = item % _streams;
            var product = 0;
            while (stream >= _products[product].Weights.StreamCount)
            {
                stream -= _products[product++].Weights.StreamCount;
            }

            var rows = Math.Min(_blockRows, _m - firstRow);
            if (rows > 0)
            {
                ref var p = ref _products[product];
                QuantizedTileRunner.Run(
                    p.Weights, stream, _rows + (firstRow * RowQuantizer.RowStride(_k)), _parameters + firstRow, rows, p.C + (firstRow * p.CStride), p.CStride,
                    p.Min, p.Max, Following(product, stream));
            }
        }
    }

    /// <summary>The stream after another one of a product; null if there is none.</summary>
    private byte* Following(int product, int stream) =>
        stream + 1 < _products[product].Weights.StreamCount ? _products[product].Weights.Stream(stream + 1)
            : product + 1 < _products.Length ? _products[product + 1].Weights.Streams : null;

    private void Multiply(ComputePool? pool)
    {
        var blocks = (_m + RowsPerBlock - 1) / RowsPerBlock;

        // Whole tiles, so that only the last block has a remainder.
        _blockRows = (((_m + blocks - 1) / blocks) + 5) / 6 * 6;
        blocks = (_m + _blockRows - 1) / _blockRows;
        var operations = 2.0 * _m * _k * _columns / SpeedOverFloat;
        ParallelCost.Run(pool, blocks * _streams, operations, _weightBytes + (4.0 * _m * _columns), _width, this);
    }
}
