using System.Runtime.CompilerServices;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>
/// Attention in one pass over blocks of query rows: softmax(query * key * scale + mask) * value. The scores of a block stay in the cache, and columns that
/// the mask hides from all of its rows (-infinity from a column on: the future, and what a key/value cache does not hold yet) are not computed.
/// </summary>
/// <remarks>
/// query [..., M, K]; key [..., N, K] if transposed, else [..., K, N]; value [..., N, D]; mask [..., M or 1, N] with leading dimensions of 1, or none. The
/// leading dimensions of query, key and value are equal.
/// </remarks>
internal sealed class AttentionNode(
    NodeSource source, InstructionSet instructionSet, bool isKeyTransposed, int query, int key, int value, int mask, float scale, int output)
    : Node(source with { Kind = "Attention" }, mask < 0 ? [query, key, value] : [query, key, value, mask], [output])
{
    public override unsafe void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        ref var keys = ref state.Shape(Inputs[1]);
        ref var values = ref state.Shape(Inputs[2]);
        var isFit = shape.Rank >= 2 && keys.Rank == shape.Rank && values.Rank == shape.Rank
            && keys.FromEnd(isKeyTransposed ? 1 : 2) == shape.FromEnd(1) && keys.FromEnd(isKeyTransposed ? 2 : 1) == values.FromEnd(2);
        for (var i = 3; isFit && i <= shape.Rank; i++)
        {
            isFit = keys.FromEnd(i) == shape.FromEnd(i) && values.FromEnd(i) == shape.FromEnd(i);
        }

        if (isFit && Inputs.Length > 3)
        {
            ref var hidden = ref state.Shape(Inputs[3]);
            isFit = hidden.Rank >= 2 && hidden.FromEnd(1) == values.FromEnd(2) && (hidden.FromEnd(2) == 1 || hidden.FromEnd(2) == shape.FromEnd(2))
                && hidden.ElementCount == (long)hidden.FromEnd(1) * hidden.FromEnd(2);
        }

        if (!isFit)
        {
            throw Source.Invalid(
                "the operands do not fit", "[..., M, K], [..., K, N], [..., N, D] and [M, N]",
                string.Join(", ", Inputs.Select(i => state.Shape(i).ToString())));
        }

        shape.Dims[shape.Rank - 1] = values.FromEnd(1);
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new AttentionStep(this, state, instructionSet, isKeyTransposed, scale);

    private sealed unsafe class AttentionStep(AttentionNode node, GraphState state, InstructionSet instructionSet, bool isKeyTransposed, float scale)
        : Step(node, state), IParallelWork
    {
        private const int RowsPerBlock = 32;

        // One row waits for keys and values: the first of them come while the other is used.
        private const nint FetchedBytes = 4096;

        private readonly KernelSet _kernels = KernelSet.For(instructionSet);
        private readonly delegate*<float*, nint, float*, nint, float, nint, nint, void> _softmax = MaskedSoftmaxKernel.Get(instructionSet);
        private BatchMatMulArguments _scores;
        private BatchMatMulArguments _results;
        private int _batches;
        private int _blocks;
        private nint _maskStride;
        private nint _scoreBytes;
        private nint _keyBytes;
        private nint _workerBytes;

        private int* Columns => (int*)(State.Scratch + (_workerBytes * State.Pool.ThreadCount));

        public override void Prepare()
        {
            ref var query = ref State.Shape(Node.Inputs[0]);
            ref var values = ref State.Shape(Node.Inputs[2]);
            var (m, k, n, d) = (query.FromEnd(2), query.FromEnd(1), values.FromEnd(2), values.FromEnd(1));
            _batches = (int)query.Product(0, query.Rank - 2);
            _blocks = (m + RowsPerBlock - 1) / RowsPerBlock;
            var scoreStride = ((nint)n + 15) & ~(nint)15;
            _scores = new BatchMatMulArguments
            {
                M = m,
                N = n,
                K = k,
                AStride = k,
                BStride = isKeyTransposed ? k : n,
                CStride = scoreStride,
                IsBTransposed = isKeyTransposed,
                Min = float.NegativeInfinity,
                Max = float.PositiveInfinity,
            };
            _results = new BatchMatMulArguments
            {
                M = m,
                N = d,
                K = n,
                AStride = scoreStride,
                BStride = d,
                CStride = d,
                Min = float.NegativeInfinity,
                Max = float.PositiveInfinity,
            };
            _maskStride = Node.Inputs.Length > 3 && State.Shape(Node.Inputs[3]).FromEnd(2) > 1 ? n : 0;
            _scoreBytes = Math.Min(m, RowsPerBlock) * scoreStride * sizeof(float);
            _keyBytes = BatchMatMulJob.ScratchPerWorker(_kernels, n, k);
            _workerBytes = _scoreBytes + _keyBytes + (d % _kernels.Width == 0 ? 0 : BatchMatMulJob.ScratchPerWorker(_kernels, d, n));
            ScratchBytes = (_workerBytes * State.Pool.ThreadCount) + ((nint)_blocks * sizeof(int));
            MemoryUse = MemoryUse.Separate;
        }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            warmUp.Request((nint)_softmax, static kernel => ((delegate*<float*, nint, float*, nint, float, nint, nint, void>)kernel)(null, 0, null, 0, 0, 0, 0));
            ref var query = ref State.Shape(Node.Inputs[0]);
            ref var values = ref State.Shape(Node.Inputs[2]);
            var (rows, columns, width) = (Math.Min(query.FromEnd(2), RowsPerBlock), values.FromEnd(2), values.FromEnd(1));
            ProductWarmUp.BatchMatMul(warmUp, instructionSet, rows, columns, isKeyTransposed);
            ProductWarmUp.BatchMatMul(warmUp, instructionSet, rows, width, false);
        }

        public override void Run()
        {
            if (_scores.M == 0 || _batches == 0 || _results.N == 0)
            {
                return;
            }

            var operations = 2.0 * _batches * _scores.M * _scores.N * (_scores.K + _results.N + 8);
            var bytes = 4.0 * _batches * _scores.N * (_scores.K + _results.N);
            FindColumns();
            ParallelCost.Run(State.Pool, _batches * _blocks, operations, bytes, _kernels.Width, this);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void IParallelWork.Execute(int start, int end, int worker)
        {
            var scores = (float*)(State.Scratch + (worker * _workerBytes));
            var keys = (float*)(State.Scratch + (worker * _workerBytes) + _scoreBytes);
            var values = (float*)(State.Scratch + (worker * _workerBytes) + _scoreBytes + _keyBytes);
            var (packedBatch, packedPanels) = ((nint)(-1), 0);
            var mask = Node.Inputs.Length > 3 ? State.Floats(Node.Inputs[3]) : null;
            var first = _scores;
            var second = _results;
            for (var item = start; item < end; item++)
            {
                nint batch = item / _blocks;
                nint row = item % _blocks * RowsPerBlock;
                var rows = Math.Min(RowsPerBlock, _scores.M - (int)row);
                var rowMask = mask == null ? null : mask + (row * _maskStride);
                var columns = Columns[item % _blocks];
                first.N = columns;
                second.K = columns;
                var query = State.Floats(Node.Inputs[0]) + (((batch * _scores.M) + row) * _scores.K);
                var key = State.Floats(Node.Inputs[1]) + (batch * _scores.N * _scores.K);
                var value = State.Floats(Node.Inputs[2]) + (batch * _scores.N * _results.N);
                var output = State.Floats(Node.Outputs[0]) + (((batch * _scores.M) + row) * _results.N);
                if (columns > 0)
                {
                    if (rows == 1)
                    {
                        CacheLines.Fetch(value, Math.Min(FetchedBytes, (nint)columns * _results.N * sizeof(float)));
                    }

                    // The blocks of a batch follow one another, and what one of them has packed of the keys serves the next.
                    packedPanels = packedBatch == batch ? packedPanels : 0;
                    BatchMatMulJob.One(_kernels, first, query, rows, key, scores, keys, packedPanels);
                    if (BatchMatMulJob.PacksTransposed(first, rows))
                    {
                        (packedBatch, packedPanels) = (batch, Math.Max(packedPanels, columns / _kernels.Width));
                    }

                    _softmax(scores, first.CStride, rowMask, _maskStride, scale, rows, columns);
                }

                if (rows == 1 && item + 1 < end)
                {
                    CacheLines.Fetch(key + ((nint)_scores.N * _scores.K), Math.Min(FetchedBytes, (nint)columns * _scores.K * sizeof(float)));
                }

                BatchMatMulJob.One(_kernels, second, scores, rows, value, output, values);
            }
        }

        /// <summary>For each block the columns up to the last that one of its rows sees; all, if none sees any, so that the softmax of nothing stays NaN.</summary>
        private void FindColumns()
        {
            var mask = Node.Inputs.Length > 3 ? State.Floats(Node.Inputs[3]) : null;
            var hidden = BitConverter.SingleToInt32Bits(float.NegativeInfinity);
            for (var block = 0; block < _blocks; block++)
            {
                var first = block * RowsPerBlock;
                var rows = mask == null ? 0 : _maskStride == 0 ? 1 : Math.Min(RowsPerBlock, _scores.M - first);
                var columns = 0;
                for (var row = first; row < first + rows; row++)
                {
                    columns += 1 + new Span<int>(mask + (row * _maskStride) + columns, _scores.N - columns).LastIndexOfAnyExcept(hidden);
                }

                Columns[block] = columns == 0 ? _scores.N : columns;
            }
        }
    }
}
