using Tandem.Plugins.Cpu.Graph;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Concatenate2 to Concatenate5: inputs one after the other along a dimension.</summary>
internal sealed unsafe class ConcatenateNode(NodeSource source, int axis, int[] inputs, int output) : Node(source, inputs, [output])
{
    /// <summary>The dimension; negative counts from the end.</summary>
    public int Axis => axis;

    public override bool OnlyMoves => true;

    public override void InferShapes(GraphState state)
    {
        var output = state.Shape(Inputs[0]);
        var position = axis < 0 ? axis + output.Rank : axis;
        if (position < 0 || position >= output.Rank)
        {
            throw Source.Invalid("the axis is not one of the inputs'", $"0 to {output.Rank - 1}", axis.ToString());
        }

        long total = output.Dims[position];
        for (var i = 1; i < Inputs.Length; i++)
        {
            ref var input = ref state.Shape(Inputs[i]);
            for (var d = 0; d < output.Rank; d++)
            {
                if (input.Rank != output.Rank || (d != position && input.Dims[d] != output.Dims[d]))
                {
                    throw Source.Invalid("the inputs differ outside the axis", state.Shape(Inputs[0]).ToString(), input.ToString());
                }
            }

            total += input.Dims[position];
        }

        output.Dims[position] = total <= int.MaxValue ? (int)total : -1;
        SetShape(state, 0, output);
    }

    public override Step CreateStep(GraphState state) => new ConcatenateStep(this, state, axis);

    private sealed class ConcatenateStep(ConcatenateNode node, GraphState state, int axis) : Step(node, state)
    {
        private readonly long[] _blockLengths = new long[node.Inputs.Length];
        private long _blocks;
        private long _outputBlock;

        public override void Prepare()
        {
            ref var output = ref State.Shape(Node.Outputs[0]);
            var position = axis < 0 ? axis + output.Rank : axis;
            _blocks = output.Product(0, position);
            _outputBlock = output.Product(position, output.Rank);
            for (var i = 0; i < _blockLengths.Length; i++)
            {
                _blockLengths[i] = State.Shape(Node.Inputs[i]).Product(position, output.Rank);
            }

            MemoryUse = MemoryUse.Separate;
        }

        public override void Run()
        {
            var size = State.Graph.Values[Node.Outputs[0]].ScalarType.Size();
            var destination = State.Pointer(Node.Outputs[0]);
            for (var i = 0; i < _blockLengths.Length; i++)
            {
                var source = State.Pointer(Node.Inputs[i]);
                var length = _blockLengths[i] * size;
                var target = destination;
                for (long block = 0; block < _blocks; block++)
                {
                    Buffer.MemoryCopy(source, target, length, length);
                    source += length;
                    target += _outputBlock * size;
                }

                destination += length;
            }
        }
    }
}
