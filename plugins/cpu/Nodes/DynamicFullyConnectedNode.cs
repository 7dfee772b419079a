using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>FullyConnected whose filter is computed or handed in: nothing can be packed ahead.</summary>
internal sealed class DynamicFullyConnectedNode(
    NodeSource source, InstructionSet instructionSet, bool isTransposed, int input, int filter, int bias, int output, float minimum, float maximum)
    : Node(source, bias < 0 ? [input, filter] : [input, filter, bias], [output])
{
    public override unsafe void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        ref var filter = ref state.Shape(Inputs[1]);
        if (shape.Rank == 0 || filter.Rank != 2 || shape.FromEnd(1) != filter.Dims[isTransposed ? 0 : 1])
        {
            throw Source.Invalid("the input does not fit the filter", $"filter {filter}", shape.ToString());
        }

        var outputs = filter.Dims[isTransposed ? 1 : 0];
        if (Inputs.Length == 3 && state.Shape(Inputs[2]).ElementCount != outputs)
        {
            throw Source.Invalid("the bias does not fit the filter", $"{outputs} elements", state.Shape(Inputs[2]).ToString());
        }

        shape.Dims[shape.Rank - 1] = outputs;
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new DynamicStep(this, state, instructionSet, isTransposed, minimum, maximum);

    private sealed unsafe class DynamicStep(
        DynamicFullyConnectedNode node, GraphState state, InstructionSet instructionSet, bool isTransposed, float minimum, float maximum) : Step(node, state)
    {
        private readonly BatchMatMulJob _job = new();
        private readonly delegate*<in BinaryRows, float*, float*, float*, nint, nint, void> _add = BinaryKernels.Get(BinaryKind.Add, instructionSet);
        private int _m;
        private int _n;
        private int _k;

        public override void Prepare()
        {
            ref var shape = ref State.Shape(Node.Inputs[0]);
            _m = (int)shape.Product(0, shape.Rank - 1);
            _k = shape.FromEnd(1);
            _n = State.Shape(Node.Outputs[0]).FromEnd(1);
            ScratchBytes = BatchMatMul.GetScratchBytes(instructionSet, _n, _k, State.Pool.ThreadCount);
        }

        public override void Run()
        {
            var hasBias = Node.Inputs.Length == 3;
            var output = State.Floats(Node.Outputs[0]);
            BatchMatMul.Run(State.Pool, _job, instructionSet, new BatchMatMulArguments
            {
                A = State.Floats(Node.Inputs[0]),
                B = State.Floats(Node.Inputs[1]),
                C = output,
                BatchCount = 1,
                M = _m,
                N = _n,
                K = _k,
                AStride = _k,
                BStride = isTransposed ? _n : _k,
                CStride = _n,
                IsBTransposed = !isTransposed,
                Min = hasBias ? float.NegativeInfinity : minimum,
                Max = hasBias ? float.PositiveInfinity : maximum,
            }, State.Scratch);
            if (hasBias)
            {
                _add(new BinaryRows(1, 1, _n, 0, minimum, maximum), output, State.Floats(Node.Inputs[2]), output, _m, _n);
            }
        }
    }
}
