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

    public override Step CreateStep(GraphState state) => new BinaryStep(this, state, rung, _parameters);

    private sealed unsafe class BinaryStep(QuantizedBinaryNode node, GraphState state, InstructionSet rung, QuantizedBinaryParameters parameters)
        : Step(node, state), IParallelWork
    {
        private readonly delegate*<in QuantizedBinaryParameters, byte*, byte*, byte*, nint, nint, nint, void> _kernel = QuantizedBinaryKernel.Get(rung);
        private BroadcastLoops _loops;
        private long _rows;

        public override void Prepare()
        {
            ref var a = ref State.Shape(Node.Inputs[0]);
            ref var b = ref State.Shape(Node.Inputs[1]);
            ref var c = ref State.Shape(Node.Outputs[0]);
            _loops.Prepare(a, b, c);
            if (_loops.Rank == 0)
            {
                (_loops.Sizes[0], _loops.FirstStrides[0], _loops.SecondStrides[0], _loops.Rank) = (1, 0, 0, 1);
            }

            // One long row is cut into many, so that threads share it.
            const long Piece = 4096;
            if (_loops.Rank == 1 && _loops.Sizes[0] % Piece == 0 && _loops.Sizes[0] > Piece)
            {
                (_loops.Sizes[1], _loops.FirstStrides[1], _loops.SecondStrides[1], _loops.Rank) =
                    (_loops.Sizes[0] / Piece, _loops.FirstStrides[0] * Piece, _loops.SecondStrides[0] * Piece, 2);
                _loops.Sizes[0] = Piece;
            }

            _rows = _loops.Rows;
            MemoryUse = MemoryUse.InPlace;
        }

        public override void Run()
        {
            if (_rows * _loops.Sizes[0] < ParallelWork.ElementThreshold)
            {
                ((IParallelWork)this).Execute(0, (int)_rows, 0);
            }
            else
            {
                State.Pool.Run((int)_rows, (int)Math.Max(1, ParallelWork.ElementGrain / _loops.Sizes[0]), this);
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
                for (var i = 1; i < _loops.Rank; i++)
                {
                    var position = rest % _loops.Sizes[i];
                    rest /= _loops.Sizes[i];
                    aOffset += position * _loops.FirstStrides[i];
                    bOffset += position * _loops.SecondStrides[i];
                }

                _kernel(
                    parameters, a + aOffset, b + bOffset, c + (row * _loops.Sizes[0]), (nint)_loops.Sizes[0], (nint)_loops.FirstStrides[0],
                    (nint)_loops.SecondStrides[0]);
            }
        }
    }
}
