using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>GlobalAvgPooling2d: the mean over the two dimensions before the channels.</summary>
internal sealed class GlobalAveragePoolingNode(
    NodeSource source, InstructionSet instructionSet, bool keepsDimensions, int input, int output, float minimum, float maximum)
    : Node(source, [input], [output])
{
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
        if (shape.Rank < 3)
        {
            throw Source.Invalid("the input is no image", "[..., H, W, C]", shape.ToString());
        }

        if (keepsDimensions)
        {
            shape.Dims[shape.Rank - 2] = 1;
            shape.Dims[shape.Rank - 3] = 1;
        }
        else
        {
            shape.Dims[shape.Rank - 3] = shape.Dims[shape.Rank - 1];
            shape.Rank -= 2;
        }

        SetShape(state, 0, shape);
    }

    public override Step CreateStep(GraphState state) => new GlobalStep(this, state, instructionSet);

    private sealed unsafe class GlobalStep(GlobalAveragePoolingNode node, GraphState state, InstructionSet instructionSet) : Step(node, state), IParallelWork
    {
        private readonly delegate*<PoolingArguments*, int, int, void> _kernel = PoolingKernels.GetMean(instructionSet);
        private PoolingArguments _arguments;
        private int _images;
        private long _work;

        public override void Prepare()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            _images = (int)input.Product(0, input.Rank - 3);
            _work = input.ElementCount;
            _arguments = new PoolingArguments
            {
                InputHeight = input.FromEnd(3),
                InputWidth = input.FromEnd(2),
                OutputHeight = 1,
                OutputWidth = 1,
                Channels = input.FromEnd(1),
                WindowHeight = input.FromEnd(3),
                WindowWidth = input.FromEnd(2),
                StrideHeight = 1,
                StrideWidth = 1,
                DilationHeight = 1,
                DilationWidth = 1,
                Minimum = node.Minimum,
                Maximum = node.Maximum,
            };
            MemoryUse = MemoryUse.Separate;
        }

        public override void WarmUp(KernelWarmUp warmUp) => warmUp.Request((nint)_kernel, static kernel =>
        {
            PoolingArguments arguments = default;
            ((delegate*<PoolingArguments*, int, int, void>)kernel)(&arguments, 0, 0);
        });

        public override void Run()
        {
            _arguments.Input = State.Floats(Node.Inputs[0]);
            _arguments.Output = State.Floats(Node.Outputs[0]);
            if (_work < ParallelWork.ElementThreshold || _images == 1)
            {
                ((IParallelWork)this).Execute(0, _images, 0);
            }
            else
            {
                State.Pool.Run(_images, 1, this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            fixed (PoolingArguments* arguments = &_arguments)
            {
                _kernel(arguments, start, end);
            }
        }
    }
}
