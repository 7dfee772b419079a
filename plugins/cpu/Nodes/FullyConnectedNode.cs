using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>FullyConnected with constant weights: out[..., OC] = clamp(in[..., IC] * filter^T + bias).</summary>
internal sealed class FullyConnectedNode(NodeSource source, PackedMatrix weights, int input, int output, float minimum, float maximum)
    : Node(source, [input], [output])
{
    public PackedMatrix Weights { get; } = weights;

    public float Minimum { get; private set; } = minimum;

    public float Maximum { get; private set; } = maximum;

    public override bool TryFuseClamp(float minimum, float maximum)
    {
        (Minimum, Maximum) = (Math.Clamp(Minimum, minimum, maximum), Math.Clamp(Maximum, minimum, maximum));
        return true;
    }

    public override unsafe void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        if (shape.Rank == 0 || shape.FromEnd(1) != Weights.K)
        {
            throw Source.Invalid("the input does not fit the filter", $"{Weights.K} input features", shape.ToString());
        }

        shape.Dims[shape.Rank - 1] = Weights.N;
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new FullyConnectedStep(this, state);

    private sealed unsafe class FullyConnectedStep(FullyConnectedNode node, GraphState state) : Step(node, state)
    {
        private readonly GemmJob _job = new();
        private readonly PackedMatrix _weights = node.Weights;
        private readonly int _input = node.Inputs[0];
        private readonly int _output = node.Outputs[0];
        private readonly float _minimum = node.Minimum;
        private readonly float _maximum = node.Maximum;
        private int _rows;

        public override void Prepare()
        {
            ref var shape = ref State.Shape(_input);
            _rows = (int)shape.Product(0, shape.Rank - 1);
            ScratchBytes = Gemm.GetScratchBytes(_weights, _rows, State.Pool.ThreadCount);
        }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            ref var shape = ref State.Shape(_input);
            ProductWarmUp.Gemm(warmUp, _weights.InstructionSet, _weights.Kernels.Format, (int)Math.Min(shape.Product(0, shape.Rank - 1), 64), _weights.N);
        }

        public override void Run() => Gemm.Run(
            State.Pool, _job, _weights, State.Floats(_input), _rows, _weights.K, State.Floats(_output), _weights.N, _minimum, _maximum, State.Scratch);
    }
}
