using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;
using GraphValue = Tandem.Plugins.Cpu.Graph.GraphValue;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>A function of one quantised tensor: worked out in floats for each of the 256 codes, then looked up.</summary>
internal sealed unsafe class QuantizedTableNode : Node
{
    private readonly byte[] _table = GC.AllocateArray<byte>(256, pinned: true);
    private readonly bool _isSigned;

    /// <summary>Works the table out.</summary>
    /// <param name="source">The payload's node.</param>
    /// <param name="kind">The function; null converts only.</param>
    /// <param name="a">Its first parameter.</param>
    /// <param name="b">Its second parameter.</param>
    /// <param name="input">Input value.</param>
    /// <param name="output">Output value.</param>
    public QuantizedTableNode(NodeSource source, UnaryKind? kind, float a, float b, GraphValue input, GraphValue output)
        : base(source, [input.Index], [output.Index])
    {
        _isSigned = input.ScalarType == ScalarType.Char && output.ScalarType == ScalarType.Char;
        var values = stackalloc float[256];
        fixed (byte* table = _table)
        {
            for (var i = 0; i < 256; i++)
            {
                table[i] = (byte)i;
            }

            QuantizeKernel.ToFloat(InstructionSet.Scalar)(table, values, 256, input.PerTensor.Scale, input.PerTensor.ZeroPoint, input.ScalarType == ScalarType.Byte);
            if (kind is { } function)
            {
                UnaryKernels.Get(function, InstructionSet.Scalar)(values, values, 256, a, b);
            }

            QuantizeKernel.FromFloat(InstructionSet.Scalar)(values, table, 256, output.PerTensor.Scale, output.PerTensor.ZeroPoint, output.ScalarType == ScalarType.Byte);
        }
    }

    /// <summary>The bounds, if the table only limits signed codes: as a clamp does whose input and output have the same parameters.</summary>
    public (int Minimum, int Maximum)? AsBounds()
    {
        var (minimum, maximum) = ((sbyte)_table[0x80], (sbyte)_table[0x7F]);
        for (int code = sbyte.MinValue; code <= sbyte.MaxValue; code++)
        {
            if (!_isSigned || minimum > maximum || (sbyte)_table[(byte)code] != Math.Clamp(code, minimum, maximum))
            {
                return null;
            }
        }

        return (minimum, maximum);
    }

    public override void InferShapes(GraphState state) => state.Shape(Outputs[0]) = state.Shape(Inputs[0]);

    public override Step CreateStep(GraphState state) => new TableStep(this, state);

    private sealed class TableStep(QuantizedTableNode node, GraphState state) : QuantizedElementStep(node, state)
    {
        protected override void Run(nint first, nint count)
        {
            fixed (byte* table = node._table)
            {
                QuantizeKernel.Map(State.Pointer(Node.Inputs[0]) + first, State.Pointer(Node.Outputs[0]) + first, count, table);
            }
        }
    }
}
