using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>
/// Rotary positions in one pass: the halves (a, b) of the last dimension become (a * c - b * s, b * c' + a * s'), and where a transposition follows that
/// leaves the last dimension in its place, the result is written as it says. Results are those of the nodes one by one, bit for bit.
/// </summary>
/// <param name="source">The node that gives the result.</param>
/// <param name="instructionSet">The rung.</param>
/// <param name="input">[..., 2 H].</param>
/// <param name="factors">c, s, c' and s', all of one shape that broadcasts to [..., H] and ends with H.</param>
/// <param name="permutation">Output dimension i is input dimension permutation[i]; the last stays. Null: all stay.</param>
/// <param name="output">The result.</param>
internal sealed class RotaryNode(NodeSource source, InstructionSet instructionSet, int input, int[] factors, int[]? permutation, int output)
    : Node(source with { Kind = "Rotary" }, [input, .. factors], [output])
{
    public override unsafe void InferShapes(GraphState state)
    {
        ref var shape = ref state.Shape(Inputs[0]);
        ref var factor = ref state.Shape(Inputs[1]);
        var isFit = shape.Rank >= 1 && factor.Rank >= 1 && factor.Rank <= shape.Rank && shape.FromEnd(1) == 2L * factor.FromEnd(1)
            && (permutation is null || permutation.Length == shape.Rank);
        for (var i = 2; isFit && i <= factor.Rank; i++)
        {
            isFit = factor.FromEnd(i) == 1 || factor.FromEnd(i) == shape.FromEnd(i);
        }

        for (var i = 2; isFit && i < Inputs.Length; i++)
        {
            isFit = state.Shape(Inputs[i]).Equals(factor);
        }

        if (!isFit)
        {
            throw Source.Invalid("the factors do not fit the halves of the input", "[..., 2 H] and [..., H]", $"{shape} and {factor}");
        }

        var result = shape;
        for (var i = 0; permutation is not null && i < shape.Rank; i++)
        {
            result.Dims[i] = shape.Dims[permutation[i]];
        }

        SetShape(state, 0, result);
    }

    public override Step CreateStep(GraphState state) => new RotaryStep(this, state, instructionSet, permutation);

    private sealed unsafe class RotaryStep(RotaryNode node, GraphState state, InstructionSet instructionSet, int[]? permutation)
        : Step(node, state), IParallelWork
    {
        private readonly delegate*<in RotaryRows, void> _kernel = RotaryKernel.Get(instructionSet);

        // Dimensions before the last, from the innermost outwards; those over which all run on alike are one.
        private readonly long[] _sizes = new long[Shape.MaxRank];
        private readonly long[] _inputStrides = new long[Shape.MaxRank];
        private readonly long[] _factorStrides = new long[Shape.MaxRank];
        private readonly long[] _outputStrides = new long[Shape.MaxRank];
        private int _rank;
        private int _items;
        private int _half;

        public override void Prepare()
        {
            ref var shape = ref State.Shape(Node.Inputs[0]);
            ref var factor = ref State.Shape(Node.Inputs[1]);
            ref var output = ref State.Shape(Node.Outputs[0]);
            Span<long> outputStrides = stackalloc long[Shape.MaxRank];
            long stride = 1;
            for (var i = output.Rank - 1; i >= 0; i--)
            {
                outputStrides[permutation is null ? i : permutation[i]] = stride;
                stride *= output.Dims[i];
            }

            _half = factor.FromEnd(1);
            _rank = 0;
            (long inputStride, long factorStride) = (shape.FromEnd(1), _half);
            for (var d = 2; d <= shape.Rank; d++)
            {
                long size = shape.FromEnd(d);
                var factorSize = d <= factor.Rank ? factor.FromEnd(d) : 1;
                var step = factorSize == 1 ? 0 : factorStride;
                var outputStride = outputStrides[shape.Rank - d];
                if (size != 1)
                {
                    if (_rank > 0 && inputStride == Next(_inputStrides) && step == Next(_factorStrides) && outputStride == Next(_outputStrides))
                    {
                        _sizes[_rank - 1] *= size;
                    }
                    else
                    {
                        (_sizes[_rank], _inputStrides[_rank], _factorStrides[_rank], _outputStrides[_rank]) = (size, inputStride, step, outputStride);
                        _rank++;
                    }
                }

                inputStride *= size;
                factorStride *= factorSize;
            }

            if (_rank == 0)
            {
                (_sizes[0], _inputStrides[0], _factorStrides[0], _outputStrides[0], _rank) = (1, 0, 0, 0, 1);
            }

            long items = 1;
            for (var i = 1; i < _rank; i++)
            {
                items *= _sizes[i];
            }

            _items = (int)items;
            MemoryUse = MemoryUse.Separate;

            long Next(long[] strides) => strides[_rank - 1] * _sizes[_rank - 1];
        }

        public override void WarmUp(KernelWarmUp warmUp) =>
            warmUp.Request((nint)_kernel, static kernel => ((delegate*<in RotaryRows, void>)kernel)(default));

        public override void Run()
        {
            double count = State.Count(Node.Inputs[0]);
            if (count > 0)
            {
                ParallelCost.Run(State.Pool, _items, 3 * count, 2 * sizeof(float) * count, KernelSet.For(instructionSet).Width, this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var rows = new RotaryRows
            {
                XStep = (nint)_inputStrides[0],
                FactorStep = (nint)_factorStrides[0],
                YStep = (nint)_outputStrides[0],
                Count = (nint)_sizes[0],
                Half = _half,
            };
            for (var item = start; item < end; item++)
            {
                nint input = 0;
                nint factor = 0;
                nint output = 0;
                long rest = item;
                for (var d = 1; d < _rank; d++)
                {
                    var index = rest % _sizes[d];
                    input += (nint)(index * _inputStrides[d]);
                    factor += (nint)(index * _factorStrides[d]);
                    output += (nint)(index * _outputStrides[d]);
                    rest /= _sizes[d];
                }

                rows.X = State.Floats(Node.Inputs[0]) + input;
                rows.FirstOfFirst = State.Floats(Node.Inputs[1]) + factor;
                rows.SecondOfFirst = State.Floats(Node.Inputs[2]) + factor;
                rows.SecondOfSecond = State.Floats(Node.Inputs[3]) + factor;
                rows.FirstOfSecond = State.Floats(Node.Inputs[4]) + factor;
                rows.Y = State.Floats(Node.Outputs[0]) + output;
                _kernel(rows);
            }
        }
    }
}
