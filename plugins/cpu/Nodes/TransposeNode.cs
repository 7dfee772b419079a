using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>StaticTranspose: output dimension i is input dimension permutation[i].</summary>
internal sealed unsafe class TransposeNode(NodeSource source, InstructionSet instructionSet, int[] permutation, int input, int output)
    : Node(source, [input], [output])
{
    /// <summary>For each output dimension the input's.</summary>
    public int[] Permutation => permutation;

    public override bool OnlyMoves => true;

    public override void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        if (input.Rank != permutation.Length)
        {
            throw Source.Invalid("the permutation does not fit the input", $"rank {permutation.Length}", input.ToString());
        }

        var output = new Shape { Rank = input.Rank };
        for (var i = 0; i < permutation.Length; i++)
        {
            output.Dims[i] = input.Dims[permutation[i]];
        }

        SetShape(state, 0, output);
    }

    public override Step CreateStep(GraphState state) => new TransposeStep(this, state, instructionSet, permutation);

    private sealed class TransposeStep(TransposeNode node, GraphState state, InstructionSet instructionSet, int[] permutation)
        : StridedCopyStep(node, state, instructionSet)
    {
        public override void Prepare()
        {
            ref var input = ref State.Shape(Node.Inputs[0]);
            ref var output = ref State.Shape(Node.Outputs[0]);

            // Where only dimensions of size 1 move, the elements stay where they are.
            var last = -1;
            var isView = true;
            Span<long> inputStrides = stackalloc long[Shape.MaxRank];
            Span<long> sizes = stackalloc long[Shape.MaxRank];
            Span<long> sourceStrides = stackalloc long[Shape.MaxRank];
            Span<long> destinationStrides = stackalloc long[Shape.MaxRank];
            DenseStrides(input, inputStrides);
            DenseStrides(output, destinationStrides);
            for (var i = 0; i < permutation.Length; i++)
            {
                sizes[i] = output.Dims[i];
                sourceStrides[i] = inputStrides[permutation[i]];
                if (sizes[i] != 1)
                {
                    isView &= permutation[i] > last;
                    last = permutation[i];
                }
            }

            MemoryUse = isView ? MemoryUse.View : MemoryUse.Separate;
            Prepare(permutation.Length, sizes, sourceStrides, destinationStrides);
        }

        public override void Run() => Copy(State.Pointer(Node.Inputs[0]), State.Pointer(Node.Outputs[0]));
    }
}
