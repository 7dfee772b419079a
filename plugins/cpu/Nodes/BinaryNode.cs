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

        private readonly delegate*<float*, int, float*, int, float*, nint, float, float, void> _kernel;
        private readonly int _first;
        private readonly int _second;
        private readonly int _output;
        private readonly float _minimum;
        private readonly float _maximum;
        private readonly long[] _sizes = new long[Shape.MaxRank];
        private readonly long[] _firstStrides = new long[Shape.MaxRank];
        private readonly long[] _secondStrides = new long[Shape.MaxRank];
        private int _outerRank;
        private long _rows;
        private nint _rowLength;
        private int _firstStep;
        private int _secondStep;

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

            // From the innermost dimension outwards, joining dimensions over which both operands run on alike.
            var count = 0;
            long aStride = 1;
            long bStride = 1;
            for (var i = 1; i <= c.Rank; i++)
            {
                long size = c.FromEnd(i);
                var aSize = i <= a.Rank ? a.FromEnd(i) : 1;
                var bSize = i <= b.Rank ? b.FromEnd(i) : 1;
                if (size == 1)
                {
                    continue;
                }

                var aStep = aSize == 1 ? 0 : aStride;
                var bStep = bSize == 1 ? 0 : bStride;
                if (count > 0 && aStep == _firstStrides[count - 1] * _sizes[count - 1] && bStep == _secondStrides[count - 1] * _sizes[count - 1])
                {
                    _sizes[count - 1] *= size;
                }
                else
                {
                    (_sizes[count], _firstStrides[count], _secondStrides[count]) = (size, aStep, bStep);
                    count++;
                }

                aStride *= aSize;
                bStride *= bSize;
            }

            if (count == 0)
            {
                (_rowLength, _firstStep, _secondStep, _outerRank, _rows) = (1, 0, 0, 0, 1);
            }
            else
            {
                (_rowLength, _firstStep, _secondStep, _outerRank) = ((nint)_sizes[0], (int)_firstStrides[0], (int)_secondStrides[0], count);
                _rows = 1;
                for (var i = 1; i < count; i++)
                {
                    _rows *= _sizes[i];
                }
            }

            MemoryUse = MemoryUse.InPlace;
        }

        public override void WarmUp(KernelWarmUp warmUp) => warmUp.Request(
            (nint)_kernel, static kernel => ((delegate*<float*, int, float*, int, float*, nint, float, float, void>)kernel)(null, 0, null, 0, null, 0, 0, 0));

        public override void Run()
        {
            var count = _rows * _rowLength;
            if (count < ParallelWork.ElementThreshold)
            {
                if (_rows == 1)
                {
                    _kernel(State.Floats(_first), _firstStep, State.Floats(_second), _secondStep, State.Floats(_output), _rowLength, _minimum, _maximum);
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
                State.Floats(_first) + (first * _firstStep), _firstStep, State.Floats(_second) + (first * _secondStep), _secondStep,
                State.Floats(_output) + first, count, _minimum, _maximum);
        }

        private void Rows(int start, int end)
        {
            var a = State.Floats(_first);
            var b = State.Floats(_second);
            var c = State.Floats(_output) + (start * _rowLength);
            var index = stackalloc long[Shape.MaxRank];
            long rest = start;
            for (var i = 1; i < _outerRank; i++)
            {
                index[i] = rest % _sizes[i];
                rest /= _sizes[i];
                a += index[i] * _firstStrides[i];
                b += index[i] * _secondStrides[i];
            }

            for (var row = start; row < end; row++)
            {
                _kernel(a, _firstStep, b, _secondStep, c, _rowLength, _minimum, _maximum);
                c += _rowLength;
                for (var i = 1; i < _outerRank; i++)
                {
                    a += _firstStrides[i];
                    b += _secondStrides[i];
                    if (++index[i] < _sizes[i])
                    {
                        break;
                    }

                    a -= index[i] * _firstStrides[i];
                    b -= index[i] * _secondStrides[i];
                    index[i] = 0;
                }
            }
        }
    }
}
