using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>StaticReshape and Copy: the same elements in the same order.</summary>
/// <param name="source">The payload's node.</param>
/// <param name="newShape">Target sizes, of which one may be 0 and is then inferred; null keeps the input's.</param>
/// <param name="input">Input value.</param>
/// <param name="output">Output value.</param>
internal sealed unsafe class ReshapeNode(NodeSource source, int[]? newShape, int input, int output) : Node(source, [input], [output])
{
    public override bool OnlyMoves => true;

    public override void InferShapes(GraphState state)
    {
        ref var input = ref state.Shape(Inputs[0]);
        if (newShape is null)
        {
            state.Shape(Outputs[0]) = input;
            return;
        }

        var count = input.ElementCount;
        long known = 1;
        var inferred = -1;
        for (var i = 0; i < newShape.Length; i++)
        {
            if (newShape[i] == 0 && inferred < 0)
            {
                inferred = i;
            }
            else
            {
                known = Math.Min(known * newShape[i], Shape.MaxElementCount + 1);
            }
        }

        var output = new Shape(newShape);
        if (inferred >= 0 && known > 0 && count % known == 0)
        {
            output.Dims[inferred] = (int)(count / known);
        }

        if (output.Measure() != count)
        {
            throw Source.Invalid("the element counts differ", $"{new Shape(newShape)}", input.ToString());
        }

        state.Shape(Outputs[0]) = output;
    }

    public override Step CreateStep(GraphState state) => new CopyStep(this, state);

    private sealed class CopyStep(Node node, GraphState state) : Step(node, state)
    {
        public override void Prepare() => MemoryUse = MemoryUse.View;

        public override void Run() =>
            Buffer.MemoryCopy(State.Pointer(Node.Inputs[0]), State.Pointer(Node.Outputs[0]), State.Bytes(Node.Outputs[0]), State.Bytes(Node.Inputs[0]));
    }
}
