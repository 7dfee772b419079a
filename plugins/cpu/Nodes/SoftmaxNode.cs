using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Softmax over the last dimension.</summary>
internal sealed class SoftmaxNode(NodeSource source, InstructionSet instructionSet, int input, int output) : Node(source, [input], [output])
{
    public override void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        if (input.Rank == 0)
        {
            throw Source.Invalid("the input has no dimension", "rank 1 or more", input.ToString());
        }

        state.Shape(Outputs[0]) = input;
    }

    public override Step CreateStep(GraphState state) => new SoftmaxStep(this, state, instructionSet);

    private sealed unsafe class SoftmaxStep(SoftmaxNode node, GraphState state, InstructionSet instructionSet) : Step(node, state), IParallelWork
    {
        // An element costs about as much as eight of a sum.
        private const int Threshold = ParallelWork.ElementThreshold / 8;

        private readonly delegate*<float*, float*, nint, nint, void> _kernel = SoftmaxKernel.Get(instructionSet);
        private nint _rows;
        private nint _columns;

        public override void Prepare()
        {
            ref var shape = ref State.Shape(Node.Inputs[0]);
            _columns = shape.FromEnd(1);
            _rows = _columns == 0 ? 0 : (nint)(shape.ElementCount / _columns);
            MemoryUse = MemoryUse.InPlace;
        }

        public override void WarmUp(KernelWarmUp warmUp) =>
            warmUp.Request((nint)_kernel, static kernel => ((delegate*<float*, float*, nint, nint, void>)kernel)(null, null, 0, 0));

        public override void Run()
        {
            if (_rows * _columns < Threshold)
            {
                _kernel(State.Floats(Node.Inputs[0]), State.Floats(Node.Outputs[0]), _rows, _columns);
            }
            else
            {
                State.Pool.Run((int)_rows, (int)Math.Max(1, Threshold / 4 / _columns), this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var offset = start * _columns;
            _kernel(State.Floats(Node.Inputs[0]) + offset, State.Floats(Node.Outputs[0]) + offset, end - start, _columns);
        }
    }
}
