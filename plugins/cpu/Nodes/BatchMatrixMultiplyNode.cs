using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>BatchMatrixMultiply: [..., M, K] times [..., K, N], or [..., N, K] if transposed, with broadcast batch dimensions.</summary>
internal sealed class BatchMatrixMultiplyNode(NodeSource source, InstructionSet instructionSet, bool isTransposed, int first, int second, int output)
    : Node(source, [first, second], [output])
{
    public InstructionSet InstructionSet => instructionSet;

    /// <summary>Whether the second operand is [..., N, K].</summary>
    public bool IsTransposed => isTransposed;

    public override unsafe void InferShapes(GraphState state)
    {
        ref var a = ref state.Shape(Inputs[0]);
        ref var b = ref state.Shape(Inputs[1]);
        if (a.Rank < 2 || b.Rank < 2 || a.FromEnd(1) != b.FromEnd(isTransposed ? 1 : 2))
        {
            throw Source.Invalid("the matrices do not fit", "[..., M, K] and [..., K, N]", $"{a} and {b}");
        }

        var shape = BinaryNode.Broadcast(Source, a, b, 2);
        shape.Dims[shape.Rank++] = a.FromEnd(2);
        shape.Dims[shape.Rank++] = b.FromEnd(isTransposed ? 2 : 1);
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new BatchStep(this, state, instructionSet, isTransposed);

    private sealed unsafe class BatchStep(BatchMatrixMultiplyNode node, GraphState state, InstructionSet instructionSet, bool isTransposed)
        : Step(node, state), IDisposable
    {
        private readonly BatchMatMulJob _job = new();
        private nint* _offsets;
        private int _offsetCapacity;
        private BatchMatMulArguments _arguments;

        public void Dispose()
        {
            NativeMemory.Free(_offsets);
            _offsets = null;
        }

        public override void Prepare()
        {
            ref var a = ref State.Shape(Node.Inputs[0]);
            ref var b = ref State.Shape(Node.Inputs[1]);
            ref var c = ref State.Shape(Node.Outputs[0]);
            var (m, n, k) = (c.FromEnd(2), c.FromEnd(1), a.FromEnd(1));
            var batches = (int)c.Product(0, c.Rank - 2);
            _arguments = new BatchMatMulArguments
            {
                BatchCount = batches,
                CBatchStride = (nint)m * n,
                M = m,
                N = n,
                K = k,
                AStride = k,
                BStride = isTransposed ? k : n,
                CStride = n,
                IsBTransposed = isTransposed,
                Min = float.NegativeInfinity,
                Max = float.PositiveInfinity,
            };
            if (a.Product(0, a.Rank - 2) != batches || b.Product(0, b.Rank - 2) != batches)
            {
                FillOffsets(a, b, c, batches);
            }

            ScratchBytes = BatchMatMul.GetScratchBytes(instructionSet, n, k, State.Pool.ThreadCount);
        }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            ref var shape = ref State.Shape(Node.Outputs[0]);
            ProductWarmUp.BatchMatMul(warmUp, instructionSet, shape.FromEnd(2), shape.FromEnd(1), isTransposed);
        }

        public override void Run()
        {
            _arguments.A = State.Floats(Node.Inputs[0]);
            _arguments.B = State.Floats(Node.Inputs[1]);
            _arguments.C = State.Floats(Node.Outputs[0]);
            BatchMatMul.Run(State.Pool, _job, instructionSet, _arguments, State.Scratch);
        }

        /// <summary>Where each product's operands begin when batch dimensions are broadcast.</summary>
        private void FillOffsets(in Shape a, in Shape b, in Shape c, int batches)
        {
            if (_offsetCapacity < batches)
            {
                _offsets = (nint*)NativeMemory.Realloc(_offsets, (nuint)batches * 2 * (nuint)sizeof(nint));
                _offsetCapacity = batches;
            }

            _arguments.AOffsets = _offsets;
            _arguments.BOffsets = _offsets + batches;
            var aMatrix = (nint)a.FromEnd(1) * a.FromEnd(2);
            var bMatrix = (nint)b.FromEnd(1) * b.FromEnd(2);
            for (var batch = 0; batch < batches; batch++)
            {
                nint aIndex = 0;
                nint bIndex = 0;
                nint aStride = 1;
                nint bStride = 1;
                var rest = batch;
                for (var i = 3; i <= c.Rank; i++)
                {
                    var position = rest % c.FromEnd(i);
                    rest /= c.FromEnd(i);
                    var aSize = i <= a.Rank ? a.FromEnd(i) : 1;
                    var bSize = i <= b.Rank ? b.FromEnd(i) : 1;
                    aIndex += aSize == 1 ? 0 : position * aStride;
                    bIndex += bSize == 1 ? 0 : position * bStride;
                    aStride *= aSize;
                    bStride *= bSize;
                }

                _arguments.AOffsets[batch] = aIndex * aMatrix;
                _arguments.BOffsets[batch] = bIndex * bMatrix;
            }
        }
    }
}
