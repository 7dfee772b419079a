using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>AvgPooling2d, MaxPooling2d and ArgMaxPooling2d on NHWC images.</summary>
internal sealed class PoolingNode(
    NodeSource source, PoolingKind kind, PoolingGeometry geometry, InstructionSet instructionSet, int input, int[] outputs, float minimum, float maximum)
    : Node(source, [input], outputs)
{
    public override bool OnlyMoves => kind != PoolingKind.Average;

    public float Minimum { get; private set; } = minimum;

    public float Maximum { get; private set; } = maximum;

    public override bool TryFuseClamp(float minimum, float maximum)
    {
        if (kind == PoolingKind.ArgMax)
        {
            return false;
        }

        (Minimum, Maximum) = (Math.Clamp(Minimum, minimum, maximum), Math.Clamp(Maximum, minimum, maximum));
        return true;
    }

    public override unsafe void InferShapes(GraphState state)
    {
        var shape = state.Shape(Inputs[0]);
        (_, _, shape.Dims[1], shape.Dims[2]) = geometry.Measure(Source, shape);
        for (var i = 0; i < Outputs.Length; i++)
        {
            SetShape(state, i, shape);
        }
    }

    public override Step CreateStep(GraphState state) => new PoolingStep(this, state, kind, geometry, instructionSet);

    private sealed unsafe class PoolingStep(PoolingNode node, GraphState state, PoolingKind kind, PoolingGeometry geometry, InstructionSet instructionSet)
        : Step(node, state), IParallelWork
    {
        private readonly delegate*<PoolingArguments*, int, int, void> _kernel = kind switch
        {
            PoolingKind.Average => PoolingKernels.GetAverage(instructionSet),
            PoolingKind.Maximum => PoolingKernels.GetMaximum(instructionSet),
            _ => &PoolingKernels.ArgMax,
        };

        private PoolingArguments _arguments;
        private int _rows;
        private long _work;

        public override void Prepare()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            _arguments = geometry.Arguments(Node.Source, input) with { Minimum = node.Minimum, Maximum = node.Maximum };
            _rows = (int)Math.Min((long)input.Dims[0] * _arguments.OutputHeight, int.MaxValue);
            _work = State.Shape(Node.Outputs[0]).ElementCount * geometry.Height * geometry.Width;
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
            _arguments.Indices = Node.Outputs.Length > 1 ? (int*)State.Pointer(Node.Outputs[1]) : null;
            if (_work < ParallelWork.ElementThreshold)
            {
                ((IParallelWork)this).Execute(0, _rows, 0);
            }
            else
            {
                State.Pool.Run(_rows, (int)Math.Clamp(ParallelWork.ElementGrain / (_work / _rows + 1), 1, _rows), this);
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
