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

    public override void InferShapes(GraphState state) => SetShape(state, 0, PoolingGeometry.Reduce(Source, state.Shape(Inputs[0]), keepsDimensions));

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
            _arguments = PoolingGeometry.WholeImage(input) with { Minimum = node.Minimum, Maximum = node.Maximum };
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
