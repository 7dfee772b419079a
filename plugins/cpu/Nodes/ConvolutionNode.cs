using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Conv2d, DepthwiseConv2d and ConvTranspose2d on NHWC images with constant filters.</summary>
internal sealed class ConvolutionNode(
    NodeSource source, ConvolutionKind kind, ConvolutionGeometry geometry, PackedConvolution? filter, PackedDepthwise? depthwiseFilter,
    int input, int output, float minimum, float maximum)
    : Node(source, [input], [output])
{
    public ConvolutionKind Kind { get; } = kind;

    public ConvolutionGeometry Geometry { get; } = geometry;

    /// <summary>Filters of a dense or transposed convolution.</summary>
    public PackedConvolution? Filter { get; } = filter;

    /// <summary>Filters of a depthwise convolution.</summary>
    public PackedDepthwise? DepthwiseFilter { get; } = depthwiseFilter;

    /// <summary>Whether a dense convolution may take Winograd's transforms where they pay.</summary>
    public bool AllowsWinograd { get; init; }

    public float Minimum { get; private set; } = minimum;

    public float Maximum { get; private set; } = maximum;

    public override bool TryFuseClamp(float minimum, float maximum)
    {
        (Minimum, Maximum) = (Math.Clamp(Minimum, minimum, maximum), Math.Clamp(Maximum, minimum, maximum));
        return true;
    }

    public override unsafe void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        var (parameters, height, width) = Geometry.Measure(Source, input, Kind == ConvolutionKind.Transposed);
        var shape = new Shape { Rank = 4 };
        (shape.Dims[0], shape.Dims[1], shape.Dims[2], shape.Dims[3]) = (input.Dims[0], height, width, parameters.OutputChannels);
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => Kind switch
    {
        ConvolutionKind.Depthwise => new DepthwiseStep(this, state),
        ConvolutionKind.Transposed => new TransposedStep(this, state),
        _ => new DenseStep(this, state),
    };

    private abstract unsafe class ConvolutionStep(ConvolutionNode node, GraphState state) : Step(node, state)
    {
        protected ConvolutionNode Convolution { get; } = node;

        protected ConvolutionParameters Parameters { get; private set; }

        protected ImageShape Image { get; private set; }

        protected bool UsesWinograd { get; private set; }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            Measure();
            var (node, parameters, image, threads) = (Convolution, Parameters, Image, warmUp.ThreadCount);
            if (node.Kind == ConvolutionKind.Dense && image.Batch > 0 && image.OutputHeight > 0 && image.OutputWidth > 0)
            {
                if (UsesWinograd)
                {
                    warmUp.Request(() => WinogradConvolution.Prepare(node.Filter!, parameters, image, threads));
                    return;
                }

                warmUp.Request(() => Kernels.Convolution.Prepare(node.Filter!, parameters, image, threads));
            }
            else if (node.Kind == ConvolutionKind.Depthwise)
            {
                warmUp.Request(() => DepthwiseConvolution.Prepare(node.DepthwiseFilter!, parameters));
            }
        }

        public override void Prepare()
        {
            Measure();
            ScratchBytes = State.Shape(Node.Outputs[0]).ElementCount == 0 ? 0 : MeasureScratch();
        }

        public override void Run()
        {
            if (Image.Batch > 0 && Image.OutputHeight > 0 && Image.OutputWidth > 0)
            {
                Run(State.Floats(Node.Inputs[0]), State.Floats(Node.Outputs[0]));
            }
        }

        private void Measure()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            (Parameters, var height, var width) = Convolution.Geometry.Measure(Node.Source, input, Convolution.Kind == ConvolutionKind.Transposed);
            Image = new ImageShape(
                input.Dims[0], input.Dims[1], input.Dims[2], height, width, Parameters.InputChannels, Parameters.OutputChannels);
            UsesWinograd = Convolution is { AllowsWinograd: true, Kind: ConvolutionKind.Dense } && WinogradConvolution.Pays(Convolution.Filter!, Parameters, Image);
        }

        protected abstract long MeasureScratch();

        protected abstract void Run(float* input, float* output);
    }

    private sealed unsafe class DenseStep(ConvolutionNode node, GraphState state) : ConvolutionStep(node, state)
    {
        private readonly ConvolutionJob _job = new();
        private readonly WinogradJob? _winogradJob = node.AllowsWinograd && WinogradPlan.Fits(node.Geometry.Parameters) ? new() : null;
        private readonly PackedConvolution _filter = node.Filter!;

        protected override long MeasureScratch() => UsesWinograd
            ? WinogradConvolution.GetScratchBytes(_filter, Parameters, Image, State.Pool.ThreadCount)
            : Kernels.Convolution.GetScratchBytes(_filter, Parameters, Image, State.Pool.ThreadCount);

        protected override void Run(float* input, float* output)
        {
            if (UsesWinograd)
            {
                WinogradConvolution.Run(
                    State.Pool, _winogradJob!, _filter, Parameters, Image, input, output, Convolution.Minimum, Convolution.Maximum, State.Scratch);
                return;
            }

            Kernels.Convolution.Run(
                State.Pool, _job, _filter, Parameters, Image, input, output, Convolution.Minimum, Convolution.Maximum, State.Scratch);
        }
    }

    private sealed unsafe class DepthwiseStep(ConvolutionNode node, GraphState state) : ConvolutionStep(node, state)
    {
        private readonly DepthwiseJob _job = new();
        private readonly PackedDepthwise _filter = node.DepthwiseFilter!;

        protected override long MeasureScratch() => DepthwiseConvolution.GetScratchBytes(Parameters, Image, State.Pool.ThreadCount);

        protected override void Run(float* input, float* output) => DepthwiseConvolution.Run(
            State.Pool, _job, _filter, Parameters, Image, input, output, Convolution.Minimum, Convolution.Maximum, State.Scratch);
    }

    private sealed unsafe class TransposedStep(ConvolutionNode node, GraphState state) : ConvolutionStep(node, state)
    {
        private readonly TransposedConvolutionJob _job = new();
        private readonly PackedConvolution _filter = node.Filter!;

        protected override long MeasureScratch() => TransposedConvolution.GetScratchBytes(Parameters, Image);

        protected override void Run(float* input, float* output) => TransposedConvolution.Run(
            State.Pool, _job, _filter, Parameters, Image, input, output, Convolution.Minimum, Convolution.Maximum, State.Scratch);
    }
}
