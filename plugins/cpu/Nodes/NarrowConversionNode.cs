using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>fp16 or bf16 at the boundary of the graph: widened on the way in, narrowed on the way out; in between, floats are computed with.</summary>
internal sealed class NarrowConversionNode(NodeSource source, ScalarType type, bool isWidening, int input, int output) : Node(source, [input], [output])
{
    public override bool OnlyMoves => true;

    public override void InferShapes(GraphState state) => state.Shape(Outputs[0]) = state.Shape(Inputs[0]);

    public override Step CreateStep(GraphState state) => new ConversionStep(this, state, type, isWidening);

    private sealed unsafe class ConversionStep(NarrowConversionNode node, GraphState state, ScalarType type, bool isWidening) : Step(node, state), IParallelWork
    {
        private const int Chunk = 1024;
        private nint _count;

        public override void Prepare()
        {
            _count = State.Count(Node.Inputs[0]);
            MemoryUse = MemoryUse.Separate;
        }

        public override void Run()
        {
            var chunks = (int)((_count + Chunk - 1) / Chunk);
            if (_count < ParallelWork.ElementThreshold)
            {
                ((IParallelWork)this).Execute(0, chunks, 0);
            }
            else
            {
                State.Pool.Run(chunks, ParallelWork.ElementGrain / Chunk, this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var first = (nint)start * Chunk;
            var count = Math.Min(_count, (nint)end * Chunk) - first;
            if (type == ScalarType.BFloat16)
            {
                ConvertBFloat16(first, count);
                return;
            }

            if (isWidening)
            {
                HalfConversion.ToSingle((Half*)State.Pointer(Node.Inputs[0]) + first, State.Floats(Node.Outputs[0]) + first, count);
                return;
            }

            var source = State.Floats(Node.Inputs[0]) + first;
            var destination = (Half*)State.Pointer(Node.Outputs[0]) + first;
            for (nint i = 0; i < count; i++)
            {
                destination[i] = (Half)source[i];
            }
        }

        private void ConvertBFloat16(nint first, nint count)
        {
            if (isWidening)
            {
                BFloat16Conversion.ToSingle((ushort*)State.Pointer(Node.Inputs[0]) + first, State.Floats(Node.Outputs[0]) + first, count);
                return;
            }

            var source = State.Floats(Node.Inputs[0]) + first;
            var destination = (BFloat16*)State.Pointer(Node.Outputs[0]) + first;
            for (nint i = 0; i < count; i++)
            {
                destination[i] = (BFloat16)source[i];
            }
        }
    }
}
