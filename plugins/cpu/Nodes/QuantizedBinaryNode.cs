using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Add, Subtract and Multiply of quantised tensors, with broadcasting.</summary>
internal sealed class QuantizedBinaryNode(NodeSource source, InstructionSet rung, QuantizedBinaryParameters parameters, int first, int second, int output)
    : Node(source, [first, second], [output])
{
    private QuantizedBinaryParameters _parameters = parameters;

    public override bool TryFuseCodeBounds(int minimum, int maximum)
    {
        (_parameters.Minimum, _parameters.Maximum) =
            (Math.Clamp(_parameters.Minimum, minimum, maximum), Math.Clamp(_parameters.Maximum, minimum, maximum));
        return true;
    }

    public override void InferShapes(GraphState state)
    {
        ref var a = ref state.Shape(Inputs[0]);
        ref var b = ref state.Shape(Inputs[1]);
        SetShape(state, 0, BinaryNode.Broadcast(Source, a, b, 0));
    }

    public override Step CreateStep(GraphState state) => new BinaryStep(this, state, rung != InstructionSet.Scalar, _parameters);

    private sealed unsafe class BinaryStep(QuantizedBinaryNode node, GraphState state, bool isVectorised, QuantizedBinaryParameters parameters)
        : Step(node, state), IParallelWork
    {
        private readonly long[] _sizes = new long[Shape.MaxRank + 1];
        private readonly long[] _firstStrides = new long[Shape.MaxRank + 1];
        private readonly long[] _secondStrides = new long[Shape.MaxRank + 1];
        private int _rank;
        private long _rows;

        public override void Prepare()
        {
            ref var a = ref State.Shape(Node.Inputs[0]);
            ref var b = ref State.Shape(Node.Inputs[1]);
            ref var c = ref State.Shape(Node.Outputs[0]);
            (_rank, long aStride, long bStride) = (0, 1, 1);
            for (var i = 1; i <= c.Rank; i++)
            {
                long size = c.FromEnd(i);
                var aSize = i <= a.Rank ? a.FromEnd(i) : 1;
                var bSize = i <= b.Rank ? b.FromEnd(i) : 1;
                if (size != 1)
                {
                    var aStep = aSize == 1 ? 0 : aStride;
                    var bStep = bSize == 1 ? 0 : bStride;
                    if (_rank > 0 && aStep == _firstStrides[_rank - 1] * _sizes[_rank - 1] && bStep == _secondStrides[_rank - 1] * _sizes[_rank - 1])
                    {
                        _sizes[_rank - 1] *= size;
                    }
                    else
                    {
                        (_sizes[_rank], _firstStrides[_rank], _secondStrides[_rank]) = (size, aStep, bStep);
                        _rank++;
                    }
                }

                aStride *= aSize;
                bStride *= bSize;
            }

            if (_rank == 0)
            {
                (_sizes[0], _firstStrides[0], _secondStrides[0], _rank) = (1, 0, 0, 1);
            }

            // One long row is cut into many, so that threads share it.
            const long Piece = 4096;
            if (_rank == 1 && _sizes[0] % Piece == 0 && _sizes[0] > Piece)
            {
                (_sizes[1], _firstStrides[1], _secondStrides[1], _rank) = (_sizes[0] / Piece, _firstStrides[0] * Piece, _secondStrides[0] * Piece, 2);
                _sizes[0] = Piece;
            }

            _rows = 1;
            for (var i = 1; i < _rank; i++)
            {
                _rows *= _sizes[i];
            }

            MemoryUse = MemoryUse.InPlace;
        }

        public override void Run()
        {
            if (_rows * _sizes[0] < ParallelWork.ElementThreshold)
            {
                ((IParallelWork)this).Execute(0, (int)_rows, 0);
            }
            else
            {
                State.Pool.Run((int)_rows, (int)Math.Max(1, ParallelWork.ElementGrain / _sizes[0]), this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var a = State.Pointer(Node.Inputs[0]);
            var b = State.Pointer(Node.Inputs[1]);
            var c = State.Pointer(Node.Outputs[0]);
            for (var row = start; row < end; row++)
            {
                long aOffset = 0;
                long bOffset = 0;
                long rest = row;
                for (var i = 1; i < _rank; i++)
                {
                    var position = rest % _sizes[i];
                    rest /= _sizes[i];
                    aOffset += position * _firstStrides[i];
                    bOffset += position * _secondStrides[i];
                }

                QuantizedBinaryKernel.Run(
                    parameters, a + aOffset, b + bOffset, c + (row * _sizes[0]), (nint)_sizes[0], (nint)_firstStrides[0], (nint)_secondStrides[0], isVectorised);
            }
        }
    }
}
