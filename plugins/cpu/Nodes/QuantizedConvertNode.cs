using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;
using GraphValue = Tandem.Plugins.Cpu.Graph.GraphValue;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Convert from floats to codes, or back.</summary>
internal sealed class QuantizedConvertNode(NodeSource source, InstructionSet rung, GraphValue quantized, bool toFloat, int input, int output)
    : Node(source, [input], [output])
{
    public override void InferShapes(GraphState state) => state.Shape(Outputs[0]) = state.Shape(Inputs[0]);

    public override Step CreateStep(GraphState state) => new ConvertStep(this, state, rung != InstructionSet.Scalar, quantized, toFloat);

    private sealed unsafe class ConvertStep(QuantizedConvertNode node, GraphState state, bool isVectorised, GraphValue quantized, bool toFloat)
        : QuantizedElementStep(node, state)
    {
        private readonly (float Scale, int ZeroPoint, bool IsUnsigned) _p =
            (quantized.PerTensor.Scale, quantized.PerTensor.ZeroPoint, quantized.ScalarType == ScalarType.Byte);

        protected override void Run(nint first, nint count)
        {
            var input = State.Pointer(Node.Inputs[0]);
            var output = State.Pointer(Node.Outputs[0]);
            if (toFloat)
            {
                QuantizeKernel.ToFloat(input + first, (float*)output + first, count, _p.Scale, _p.ZeroPoint, _p.IsUnsigned, isVectorised);
            }
            else
            {
                QuantizeKernel.FromFloat((float*)input + first, output + first, count, _p.Scale, _p.ZeroPoint, _p.IsUnsigned, isVectorised);
            }
        }
    }
}
