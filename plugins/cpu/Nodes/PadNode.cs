using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>StaticConstantPad: elements before and after each dimension; codes of one byte, or floats.</summary>
internal sealed unsafe class PadNode(NodeSource source, InstructionSet instructionSet, int[] before, int[] after, float value, byte code, int input, int output)
    : Node(source, [input], [output])
{
    public override void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        if (input.Rank != before.Length)
        {
            throw Source.Invalid("the padding does not fit the input", $"rank {before.Length}", input.ToString());
        }

        var output = new Shape { Rank = input.Rank };
        for (var i = 0; i < input.Rank; i++)
        {
            var size = (long)input.Dims[i] + before[i] + after[i];
            output.Dims[i] = size <= int.MaxValue ? (int)size : -1;
        }

        SetShape(state, 0, output);
    }

    public override Step CreateStep(GraphState state) => new PadStep(this, state, instructionSet, before, value, code);

    private sealed class PadStep(PadNode node, GraphState state, InstructionSet instructionSet, int[] before, float value, byte code)
        : StridedCopyStep(node, state, instructionSet)
    {
        private long _offset;

        public override void Prepare()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            ref var output = ref State.Shape(Node.Outputs[0]);
            Span<long> sizes = stackalloc long[Shape.MaxRank];
            Span<long> sourceStrides = stackalloc long[Shape.MaxRank];
            Span<long> destinationStrides = stackalloc long[Shape.MaxRank];
            DenseStrides(input, sourceStrides);
            DenseStrides(output, destinationStrides);
            _offset = 0;
            for (var i = 0; i < input.Rank; i++)
            {
                sizes[i] = input.Dims[i];
                _offset += before[i] * destinationStrides[i];
            }

            MemoryUse = input.Equals(output) ? MemoryUse.View : MemoryUse.Separate;
            Prepare(input.Rank, sizes, sourceStrides, destinationStrides);
        }

        public override void Run()
        {
            var output = State.Pointer(Node.Outputs[0]);
            var count = (int)State.Count(Node.Outputs[0]);
            if (ElementSize == 1)
            {
                new Span<byte>(output, count).Fill(code);
            }
            else
            {
                new Span<float>(output, count).Fill(value);
            }

            Copy(State.Pointer(Node.Inputs[0]), output + (_offset * ElementSize));
        }
    }
}
