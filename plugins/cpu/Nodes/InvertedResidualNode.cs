using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>
/// Convolutions that follow one another as in MobileNetV2: 1x1 (or that of an image, or none), depthwise, 1x1, and the sum with the input (or none). Where what is between them
/// is large, it runs by rows; otherwise layer by layer, as each can be cut better alone.
/// </summary>
internal sealed unsafe class InvertedResidualNode(
    ConvolutionNode? expand, ConvolutionNode depthwise, ConvolutionNode project, BinaryNode? sum)
    : Node((sum ?? (Node)project).Source, [(expand ?? depthwise).Inputs[0]], [(sum ?? (Node)project).Outputs[0]])
{
    // Half of a core's second-level cache as processors have it today.
    private const long LargeBytes = 512 * 1024;

    /// <summary>Whether a convolution is a product of pixels by a filter, without stride or padding.</summary>
    public static bool IsProduct(ConvolutionNode node) => node is { Kind: ConvolutionKind.Dense, Geometry: { PaddingBottom: 0, PaddingRight: 0 } }
        && node.Geometry.Parameters is { KernelHeight: 1, KernelWidth: 1, StrideHeight: 1, StrideWidth: 1, PaddingTop: 0, PaddingLeft: 0, Groups: 1 };

    /// <summary>Whether a convolution can stand first: a product, or a convolution of an image's few colours.</summary>
    public static bool IsFirst(ConvolutionNode node) => IsProduct(node) || (node.Kind == ConvolutionKind.Dense
        && node.Geometry.Parameters is
        {
            KernelHeight: <= InvertedResidualJob.MaxKernelHeight, StrideHeight: > 1, StrideWidth: > 1, DilationHeight: 1, DilationWidth: 1, Groups: 1, GroupInputChannels: <= 4,
        });

    /// <summary>Whether a convolution can stand in the middle.</summary>
    public static bool IsMiddle(ConvolutionNode node) => node is { Kind: ConvolutionKind.Depthwise, Geometry.Parameters.GroupOutputChannels: 1 };

    /// <summary>Whether the output of such a block has the sizes of its input, whatever these are.</summary>
    public static bool KeepsSizes(ConvolutionNode depthwise, int inputs, int outputs)
    {
        var (g, p) = (depthwise.Geometry, depthwise.Geometry.Parameters);
        return inputs == outputs && p is { StrideHeight: 1, StrideWidth: 1 } && (g.IsSamePadding
            || (p.PaddingTop + g.PaddingBottom == (p.KernelHeight - 1) * p.DilationHeight && p.PaddingLeft + g.PaddingRight == (p.KernelWidth - 1) * p.DilationWidth));
    }

    public override bool TryFuseClamp(float minimum, float maximum) => sum is null ? project.TryFuseClamp(minimum, maximum) : sum.TryFuseClamp(minimum, maximum);

    public override void InferShapes(GraphState state)
    {
        var (shape, _, _, _, _, _) = Measure(state);
        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new BlockStep(this, state);

    private (Shape Output, ConvolutionParameters FirstParameters, ConvolutionParameters Parameters, ImageShape First, ImageShape Middle, ImageShape Last) Measure(
        GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        var (firstParameters, first) = expand is null ? default : Layer(expand, ref shape);
        var (parameters, middle) = Layer(depthwise, ref shape);
        var (_, last) = Layer(project, ref shape);
        return (shape, firstParameters, parameters, expand is null ? middle : first, middle, last);
    }

    private static (ConvolutionParameters Parameters, ImageShape Image) Layer(ConvolutionNode node, ref Shape shape)
    {
        var (p, height, width) = node.Geometry.Measure(node.Source, shape, false);
        var image = new ImageShape(shape.Dims[0], shape.Dims[1], shape.Dims[2], height, width, p.InputChannels, p.OutputChannels);
        (shape.Dims[1], shape.Dims[2], shape.Dims[3]) = (height, width, p.OutputChannels);
        return shape.Measure() >= 0 ? (p, image)
            : throw node.Source.Invalid("an output is too large", $"at most {Shape.MaxElementCount} elements", shape.ToString());
    }

    private sealed class BlockStep : Step
    {
        private readonly InvertedResidualNode _node;
        private readonly InvertedResidual _block;
        private readonly ConvolutionNode? _expand;
        private readonly ConvolutionNode _depthwise;
        private readonly ConvolutionNode _project;
        private readonly InvertedResidualJob _job = new();
        private readonly ConvolutionJob _expandJob = new();
        private readonly DepthwiseJob _depthwiseJob = new();
        private readonly ConvolutionJob _projectJob = new();
        private ConvolutionParameters _firstParameters;
        private ConvolutionParameters _parameters;
        private ImageShape _first;
        private ImageShape _middle;
        private ImageShape _last;
        private bool _isFused;
        private bool _isEmpty;
        private long _firstBytes;
        private long _middleBytes;

        public BlockStep(InvertedResidualNode node, GraphState state)
            : base(node, state)
        {
            (_node, _expand, _depthwise, _project) = (node, node.Layers.Expand, node.Layers.Depthwise, node.Layers.Project);
            var sum = node.Layers.Sum;
            _block = new InvertedResidual
            {
                Expand = _expand?.Filter!.Matrices[0],
                ExpandBounds = _expand is null ? default : (_expand.Minimum, _expand.Maximum),
                Depthwise = _depthwise.DepthwiseFilter!,
                DepthwiseBounds = (_depthwise.Minimum, _depthwise.Maximum),
                Project = _project.Filter!.Matrices[0],
                ProjectBounds = (_project.Minimum, _project.Maximum),
                Add = sum is null ? null : BinaryKernels.Get(BinaryKind.Add, sum.InstructionSet),
                SumBounds = sum is null ? default : (sum.Minimum, sum.Maximum),
            };
        }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            Measure();
            if (_isEmpty)
            {
                return;
            }

            var (block, firstParameters, parameters, first, middle, last, threads) =
                (_block, _firstParameters, _parameters, _first, _middle, _last, warmUp.ThreadCount);
            if (_isFused)
            {
                warmUp.Request(() => InvertedResidualJob.Prepare(block, parameters, middle, threads));
                return;
            }

            var (expand, project) = (_expand, _project);
            warmUp.Request(() =>
            {
                if (expand is not null)
                {
                    Kernels.Convolution.Prepare(expand.Filter!, firstParameters, first, threads);
                }

                DepthwiseConvolution.Prepare(block.Depthwise, parameters);
                Kernels.Convolution.Prepare(project.Filter!, project.Geometry.Parameters, last, threads);
            });
        }

        public override void Prepare()
        {
            Measure();
            ScratchBytes = 0;
            if (_isEmpty)
            {
                return;
            }

            var threads = State.Pool.ThreadCount;
            if (_isFused)
            {
                ScratchBytes = _job.Plan(_block, _parameters, _middle, _firstParameters, _first, threads);
                return;
            }

            var scratch = Math.Max(
                DepthwiseConvolution.GetScratchBytes(_parameters, _middle, threads),
                Kernels.Convolution.GetScratchBytes(_project.Filter!, _project.Geometry.Parameters, _last, threads));
            if (_expand is not null)
            {
                scratch = Math.Max(scratch, Kernels.Convolution.GetScratchBytes(_expand.Filter!, _firstParameters, _first, threads));
            }

            ScratchBytes = _firstBytes + _middleBytes + scratch;
        }

        public override void Run()
        {
            if (_isEmpty)
            {
                return;
            }

            var input = State.Floats(Node.Inputs[0]);
            var output = State.Floats(Node.Outputs[0]);
            var scratch = State.Scratch;
            if (_isFused)
            {
                _job.Run(State.Pool, input, output, scratch);
                return;
            }

            var between = input;
            var rest = scratch + _firstBytes + _middleBytes;
            if (_expand is not null)
            {
                between = (float*)scratch;
                Kernels.Convolution.Run(
                    State.Pool, _expandJob, _expand.Filter!, _firstParameters, _first, input, between, _expand.Minimum, _expand.Maximum, rest);
            }

            var middle = (float*)(scratch + _firstBytes);
            DepthwiseConvolution.Run(
                State.Pool, _depthwiseJob, _depthwise.DepthwiseFilter!, _parameters, _middle, between, middle, _depthwise.Minimum, _depthwise.Maximum, rest);
            Kernels.Convolution.Run(
                State.Pool, _projectJob, _project.Filter!, _project.Geometry.Parameters, _last, middle, output, _project.Minimum, _project.Maximum, rest);
            if (_block.Add != null)
            {
                _block.Add(
                    new BinaryRows(1, 1, 0, 0, _block.SumBounds.Minimum, _block.SumBounds.Maximum), input, output, output, 1, _last.Batch * _last.OutputImage);
            }
        }

        private void Measure()
        {
            (_, _firstParameters, _parameters, _first, _middle, _last) = _node.Measure(State);
            _isEmpty = _middle.Batch <= 0 || _middle.OutputHeight <= 0 || _middle.OutputWidth <= 0;
            _firstBytes = _expand is null ? 0 : Aligned(_first.Batch * (long)_first.OutputImage * sizeof(float));
            _middleBytes = Aligned(_middle.Batch * (long)_middle.OutputImage * sizeof(float));
            _isFused = (_expand is null ? _middleBytes : _firstBytes) / Math.Max(1, _middle.Batch) > LargeBytes;
        }

        private static long Aligned(long bytes) => (bytes + 63) & ~63L;
    }

    private (ConvolutionNode? Expand, ConvolutionNode Depthwise, ConvolutionNode Project, BinaryNode? Sum) Layers => (expand, depthwise, project, sum);
}
