using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>StaticSlice: [offset, offset + size) of each dimension; size 0 reaches to the end.</summary>
internal sealed unsafe class SliceNode(NodeSource source, InstructionSet instructionSet, int[] offsets, int[] sizes, int input, int output)
    : Node(source, [input], [output])
{
    /// <summary>Where it begins in each dimension.</summary>
    public ReadOnlySpan<int> Offsets => offsets;

    public override bool OnlyMoves => true;

    public override void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        var output = new Shape { Rank = input.Rank };
        for (var i = 0; i < input.Rank && offsets.Length == input.Rank; i++)
        {
            output.Dims[i] = sizes[i] == 0 ? input.Dims[i] - offsets[i] : sizes[i];
            if (output.Dims[i] < 0 || (long)offsets[i] + output.Dims[i] > input.Dims[i])
            {
                throw Source.Invalid("the slice leaves the input", $"within {input}", $"offset {offsets[i]}, size {sizes[i]} in dimension {i}");
            }
        }

        if (offsets.Length != input.Rank)
        {
            throw Source.Invalid("the slice does not fit the input", $"rank {offsets.Length}", input.ToString());
        }

        SetShape(state, 0, output);
    }

    public override Step CreateStep(GraphState state) => new SliceStep(this, state, instructionSet, offsets);

    private sealed class SliceStep(SliceNode node, GraphState state, InstructionSet instructionSet, int[] offsets)
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

            // Dense if only the outermost dimension of those with more than one element is cut.
            var isView = true;
            long leading = 1;
            for (var i = 0; i < output.Rank; i++)
            {
                sizes[i] = output.Dims[i];
                _offset += offsets[i] * sourceStrides[i];
                isView &= output.Dims[i] == input.Dims[i] || leading == 1;
                leading *= output.Dims[i];
            }

            MemoryUse = isView ? MemoryUse.View : MemoryUse.Separate;
            ViewOffset = _offset * ElementSize;
            Prepare(output.Rank, sizes, sourceStrides, destinationStrides);
        }

        public override void Run() => Copy(State.Pointer(Node.Inputs[0]) + (_offset * ElementSize), State.Pointer(Node.Outputs[0]));
    }
}
