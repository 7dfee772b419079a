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

    public override Step CreateStep(GraphState state) => new ConvertStep(this, state, rung, quantized, toFloat);

    private sealed unsafe class ConvertStep(QuantizedConvertNode node, GraphState state, InstructionSet rung, GraphValue quantized, bool toFloat)
        : QuantizedElementStep(node, state)
    {
        private readonly (float Scale, int ZeroPoint, bool IsUnsigned) _p =
            (quantized.PerTensor.Scale, quantized.PerTensor.ZeroPoint, quantized.ScalarType == ScalarType.Byte);

        private readonly delegate*<byte*, float*, nint, float, int, bool, void> _toFloat = QuantizeKernel.ToFloat(rung);
        private readonly delegate*<float*, byte*, nint, float, int, bool, void> _fromFloat = QuantizeKernel.FromFloat(rung);

        protected override void Run(nint first, nint count)
        {
            var input = State.Pointer(Node.Inputs[0]);
            var output = State.Pointer(Node.Outputs[0]);
            if (toFloat)
            {
                _toFloat(input + first, (float*)output + first, count, _p.Scale, _p.ZeroPoint, _p.IsUnsigned);
            }
            else
            {
                _fromFloat((float*)input + first, output + first, count, _p.Scale, _p.ZeroPoint, _p.IsUnsigned);
            }
        }
    }
}
