using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>An element-wise function of two tensors with NumPy's broadcasting, then a clamp.</summary>
internal sealed class BinaryNode(
    NodeSource source, BinaryKind kind, InstructionSet instructionSet, int first, int second, int output, float minimum, float maximum)
    : Node(source, [first, second], [output])
{
    public BinaryKind Kind { get; } = kind;

    public InstructionSet InstructionSet { get; } = instructionSet;

    public float Minimum { get; private set; } = minimum;

    public float Maximum { get; private set; } = maximum;

    public override bool TryFuseClamp(float minimum, float maximum)
    {
        (Minimum, Maximum) = (Math.Clamp(Minimum, minimum, maximum), Math.Clamp(Maximum, minimum, maximum));
        return true;
    }

    public override void InferShapes(GraphState state)
    {
        ref var a = ref state.Shape(Inputs[0]);
        ref var b = ref state.Shape(Inputs[1]);
        SetShape(state, 0, Broadcast(Source, a, b, 0));
    }

    public override Step CreateStep(GraphState state) => new BinaryStep(this, state);

    /// <summary>The common shape of two, leaving the last <paramref name="skipped"/> dimensions out.</summary>
    public static unsafe Shape Broadcast(NodeSource source, in Shape a, in Shape b, int skipped)
    {
        var result = new Shape { Rank = Math.Max(a.Rank, b.Rank) - skipped };
        for (var i = 1; i <= result.Rank; i++)
        {
            var x = i + skipped <= a.Rank ? a.FromEnd(i + skipped) : 1;
            var y = i + skipped <= b.Rank ? b.FromEnd(i + skipped) : 1;
            if (x != y && x != 1 && y != 1)
            {
                throw source.Invalid("the operands' shapes do not broadcast", "sizes that are equal or 1", $"{a} and {b}");
            }

            result.Dims[result.Rank - i] = x == 1 ? y : x;
        }

        return result;
    }

    private sealed unsafe class BinaryStep : Step, IParallelWork
    {
        private const int Chunk = 1024;

        private readonly delegate*<in BinaryRows, float*, float*, float*, nint, nint, void> _kernel;
        private readonly int _first;
        private readonly int _second;
        private readonly int _output;
        private readonly float _minimum;
        private readonly float _maximum;
        private BinaryRows _layout;
        private BroadcastLoops _loops;
        private long _rows;
        private nint _rowLength;

        public BinaryStep(BinaryNode node, GraphState state)
            : base(node, state)
        {
            _kernel = BinaryKernels.Get(node.Kind, node.InstructionSet);
            (_first, _second, _output) = (node.Inputs[0], node.Inputs[1], node.Outputs[0]);
            (_minimum, _maximum) = (node.Minimum, node.Maximum);
        }

        public override void Prepare()
        {
            ref var a = ref State.Shape(_first);
            ref var b = ref State.Shape(_second);
            ref var c = ref State.Shape(_output);
            _loops.Prepare(a, b, c);
            var count = _loops.Rank;
            _rowLength = count == 0 ? 1 : (nint)_loops.Sizes[0];
            _rows = _loops.Rows;
            _layout = new BinaryRows(
                count == 0 ? 0 : (int)_loops.FirstStrides[0], count == 0 ? 0 : (int)_loops.SecondStrides[0],
                count < 2 ? 0 : (nint)_loops.FirstStrides[1], count < 2 ? 0 : (nint)_loops.SecondStrides[1], _minimum, _maximum);
            MemoryUse = MemoryUse.InPlace;
        }

        public override void WarmUp(KernelWarmUp warmUp) => warmUp.Request(
            (nint)_kernel, static kernel => ((delegate*<in BinaryRows, float*, float*, float*, nint, nint, void>)kernel)(default, null, null, null, 0, 0));

        public override void Run()
        {
            var count = _rows * _rowLength;
            if (count < ParallelWork.ElementThreshold)
            {
                if (_loops.Rank <= 2)
                {
                    _kernel(_layout, State.Floats(_first), State.Floats(_second), State.Floats(_output), (nint)_rows, _rowLength);
                }
                else
                {
                    Rows(0, (int)_rows);
                }
            }
            else if (_rows == 1)
            {
                State.Pool.Run((int)((_rowLength + Chunk - 1) / Chunk), ParallelWork.ElementGrain / Chunk, this);
            }
            else
            {
                State.Pool.Run((int)_rows, (int)Math.Max(1, ParallelWork.ElementGrain / _rowLength), this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            if (_rows > 1)
            {
                Rows(start, end);
                return;
            }

            var first = (nint)start * Chunk;
            var count = Math.Min(_rowLength, (nint)end * Chunk) - first;
            _kernel(
                _layout, State.Floats(_first) + (first * _layout.StepA), State.Floats(_second) + (first * _layout.StepB), State.Floats(_output) + first, 1, count);
        }

        /// <summary>Rows of a range, as many at once as follow each other in the innermost of the outer dimensions.</summary>
        private void Rows(int start, int end)
        {
            var a = State.Floats(_first);
            var b = State.Floats(_second);
            var c = State.Floats(_output) + (start * _rowLength);
            var index = stackalloc long[Shape.MaxRank];
            long rest = start;
            for (var i = 1; i < _loops.Rank; i++)
            {
                index[i] = rest % _loops.Sizes[i];
                rest /= _loops.Sizes[i];
                a += index[i] * _loops.FirstStrides[i];
                b += index[i] * _loops.SecondStrides[i];
            }

            for (var row = start; row < end;)
            {
                var take = Math.Min(_loops.Sizes[1] - index[1], end - row);
                _kernel(_layout, a, b, c, (nint)take, _rowLength);
                row += (int)take;
                c += take * _rowLength;
                a += take * _loops.FirstStrides[1];
                b += take * _loops.SecondStrides[1];
                index[1] += take;
                for (var i = 1; i < _loops.Rank && index[i] == _loops.Sizes[i]; i++)
                {
                    a -= index[i] * _loops.FirstStrides[i];
                    b -= index[i] * _loops.SecondStrides[i];
                    index[i] = 0;
                    if (i + 1 < _loops.Rank)
                    {
                        a += _loops.FirstStrides[i + 1];
                        b += _loops.SecondStrides[i + 1];
                        index[i + 1]++;
                    }
                }
            }
        }
    }
}
