using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Conv2d or ConvTranspose2d on NHWC images that are quantised while running, each with one scale, with constant 8-bit filters.</summary>
/// <param name="source">The payload's node.</param>
/// <param name="instructionSet">The rung that the filters were packed for.</param>
/// <param name="geometry">Kernel, stride, dilation, padding, channels.</param>
/// <param name="isTransposed">Whether it is ConvTranspose2d.</param>
/// <param name="filters">Packed filters of each group.</param>
/// <param name="input">Float value.</param>
/// <param name="output">Float value.</param>
/// <param name="minimum">Lower bound of results.</param>
/// <param name="maximum">Upper bound of results.</param>
internal sealed class DynamicConvolutionNode(
    NodeSource source, InstructionSet instructionSet, ConvolutionGeometry geometry, bool isTransposed, PackedQuantizedMatrix[] filters, int input, int output,
    float minimum, float maximum) : Node(source, [input], [output])
{
    private float _minimum = minimum;
    private float _maximum = maximum;

    /// <inheritdoc/>
    public override bool TryFuseClamp(float minimum, float maximum)
    {
        (_minimum, _maximum) = (Math.Clamp(_minimum, minimum, maximum), Math.Clamp(_maximum, minimum, maximum));
        return true;
    }

    /// <inheritdoc/>
    public override unsafe void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        var (parameters, height, width) = geometry.Measure(Source, input, isTransposed);
        var shape = new Shape { Rank = 4 };
        (shape.Dims[0], shape.Dims[1], shape.Dims[2], shape.Dims[3]) = (input.Dims[0], height, width, parameters.OutputChannels);
        SetShape(state, 0, shape);
    }

    /// <inheritdoc/>
    public override Step CreateStep(GraphState state) => new ConvolutionStep(this, state, new DynamicConvolutionJob(instructionSet, isTransposed, filters, _minimum, _maximum));

    private sealed unsafe class ConvolutionStep(DynamicConvolutionNode node, GraphState state, DynamicConvolutionJob job) : Step(node, state)
    {
        private ConvolutionParameters _parameters;
        private ImageShape _image;
        private bool _isEmpty;

        public override void WarmUp(KernelWarmUp warmUp) => QuantizedKernelWarmUp.Request(warmUp, node.Filters[0], int.MaxValue);

        public override void Prepare()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            (_parameters, var height, var width) = node.Geometry.Measure(Node.Source, input, node.IsTransposed);
            _image = new ImageShape(
                input.Dims[0], input.Dims[1], input.Dims[2], height, width, _parameters.InputChannels, _parameters.OutputChannels);
            _isEmpty = State.Shape(Node.Outputs[0]).ElementCount == 0;
            ScratchBytes = _isEmpty ? 0 : DynamicConvolutionJob.GetScratchBytes(_parameters, _image, State.Pool.ThreadCount);
        }

        public override void Run()
        {
            if (!_isEmpty)
            {
                job.Run(State.Pool, _parameters, _image, State.Floats(Node.Inputs[0]), State.Floats(Node.Outputs[0]), State.Scratch);
            }
        }
    }

    private ConvolutionGeometry Geometry => geometry;

    private bool IsTransposed => isTransposed;

    private PackedQuantizedMatrix[] Filters => filters;
}
