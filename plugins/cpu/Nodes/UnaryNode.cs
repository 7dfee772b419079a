using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>An element-wise function of one tensor.</summary>
internal sealed class UnaryNode(NodeSource source, UnaryKind kind, InstructionSet instructionSet, int input, int output, float a = 0, float b = 0)
    : Node(source, [input], [output])
{
    public UnaryKind Kind { get; } = kind;

    public InstructionSet InstructionSet { get; } = instructionSet;

    /// <summary>First parameter: see <see cref="UnaryKind"/>.</summary>
    public float A { get; private set; } = a;

    public float B { get; private set; } = b;

    public override bool TryFuseClamp(float minimum, float maximum)
    {
        if (Kind != UnaryKind.Clamp)
        {
            return false;
        }

        (A, B) = (Math.Clamp(A, minimum, maximum), Math.Clamp(B, minimum, maximum));
        return true;
    }

    public override void InferShapes(GraphState state) => state.Shape(Outputs[0]) = state.Shape(Inputs[0]);

    public override Step CreateStep(GraphState state) => new UnaryStep(this, state);

    private sealed unsafe class UnaryStep : Step, IParallelWork
    {
        private const int Chunk = 1024;

        private readonly delegate*<float*, float*, nint, float, float, void> _kernel;
        private readonly int _input;
        private readonly int _output;
        private readonly float _a;
        private readonly float _b;
        private nint _count;

        public UnaryStep(UnaryNode node, GraphState state)
            : base(node, state)
        {
            _kernel = UnaryKernels.Get(node.Kind, node.InstructionSet);
            (_input, _output, _a, _b) = (node.Inputs[0], node.Outputs[0], node.A, node.B);
        }

        public override void Prepare()
        {
            _count = State.Count(_output);
            MemoryUse = MemoryUse.InPlace;
        }

        public override void WarmUp(KernelWarmUp warmUp) =>
            warmUp.Request((nint)_kernel, static kernel => ((delegate*<float*, float*, nint, float, float, void>)kernel)(null, null, 0, 0, 0));

        public override void Run()
        {
            if (_count < ParallelWork.ElementThreshold)
            {
                _kernel(State.Floats(_input), State.Floats(_output), _count, _a, _b);
            }
            else
            {
                State.Pool.Run((int)((_count + Chunk - 1) / Chunk), ParallelWork.ElementGrain / Chunk, this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var first = (nint)start * Chunk;
            var count = Math.Min(_count, (nint)end * Chunk) - first;
            _kernel(State.Floats(_input) + first, State.Floats(_output) + first, count, _a, _b);
        }
    }
}
