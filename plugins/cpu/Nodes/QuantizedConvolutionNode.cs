using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using GraphValue = Tandem.Plugins.Cpu.Graph.GraphValue;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Conv2d, DepthwiseConv2d, ConvTranspose2d and, without a geometry, FullyConnected of signed bytes with constant filters.</summary>
internal sealed unsafe class QuantizedConvolutionNode(
    NodeSource source, ConvolutionKind kind, ConvolutionGeometry? geometry, Int8Filter? filter, Int8DepthwiseFilter? depthwiseFilter, GraphValue input,
    GraphValue output, Requantization requantization)
    : Node(source, [input.Index], [output.Index])
{
    private Requantization _requantization = requantization;

    public override bool TryFuseCodeBounds(int minimum, int maximum)
    {
        _requantization = _requantization.Within(minimum, maximum);
        return true;
    }

    public override void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        if (geometry is null)
        {
            if (shape.Rank == 0 || shape.FromEnd(1) != filter!.Length)
            {
                throw Source.Invalid("the input does not fit the filter", $"{filter!.Length} input features", shape.ToString());
            }

            shape.Dims[shape.Rank - 1] = filter.N;
        }
        else
        {
            var (parameters, height, width) = geometry.Measure(Source, shape, kind == ConvolutionKind.Transposed);
            (shape.Dims[1], shape.Dims[2], shape.Dims[3]) = (height, width, parameters.OutputChannels);
        }

        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new ConvolutionStep(this, state, kind, geometry, filter, depthwiseFilter, input, _requantization);

    private sealed class ConvolutionStep(
        QuantizedConvolutionNode node, GraphState state, ConvolutionKind kind, ConvolutionGeometry? geometry, Int8Filter? filter,
        Int8DepthwiseFilter? depthwiseFilter, GraphValue input, Requantization requantization)
        : Step(node, state)
    {
        private readonly Int8ConvolutionJob _job = new();
        private readonly Int8DepthwiseJob _depthwise = new();
        private bool _isEmpty;

        public override void Prepare()
        {
            ScratchBytes = 0;
            _isEmpty = State.Shape(Node.Outputs[0]).ElementCount == 0;
            if (_isEmpty)
            {
                return;
            }

            ref var shape = ref State.Shape(Node.Inputs[0]);
            var zeroPoint = input.PerTensor.ZeroPoint;
            var threads = State.Pool.ThreadCount;
            if (geometry is null)
            {
                var rows = (int)shape.Product(0, shape.Rank - 1);
                ScratchBytes = _job.Plan(
                    filter!, new ConvolutionParameters(1, 1, 1, 1, 1, 1, 0, 0, 1, filter!.Length, filter.N),
                    new ImageShape(1, rows, 1, rows, 1, filter.Length, filter.N), requantization, zeroPoint, false, threads);
                return;
            }

            var (p, height, width) = geometry.Measure(Node.Source, shape, kind == ConvolutionKind.Transposed);
            var image = new ImageShape(shape.Dims[0], shape.Dims[1], shape.Dims[2], height, width, p.InputChannels, p.OutputChannels);
            ScratchBytes = kind == ConvolutionKind.Depthwise
                ? _depthwise.Plan(depthwiseFilter!, p, image, requantization, zeroPoint, threads)
                : _job.Plan(filter!, p, image, requantization, zeroPoint, kind == ConvolutionKind.Transposed, threads);
        }

        public override void Run()
        {
            if (_isEmpty)
            {
                return;
            }

            var source = (sbyte*)State.Pointer(Node.Inputs[0]);
            var target = (sbyte*)State.Pointer(Node.Outputs[0]);
            if (kind == ConvolutionKind.Depthwise)
            {
                _depthwise.Run(State.Pool, source, target, State.Scratch);
            }
            else
            {
                _job.Run(State.Pool, source, target, State.Scratch);
            }
        }
    }
}
