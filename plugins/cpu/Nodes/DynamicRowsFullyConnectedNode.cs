using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>
/// FullyConnected of rows that are quantised while running with constant 4-bit or 8-bit weights: out[..., OC] = clamp(quantised(in)[..., IC] * filter^T + bias).
/// Several of them on one input become one node, which quantises the rows once and splits all columns over the threads together.
/// </summary>
internal sealed class DynamicRowsFullyConnectedNode : Node
{
    private readonly List<Part> _parts = [];
    private readonly InstructionSet _instructionSet;
    private readonly int _rowDimensions;

    /// <param name="source">The payload's node.</param>
    /// <param name="instructionSet">The rung that the weights were packed for.</param>
    /// <param name="weights">Packed weights.</param>
    /// <param name="rowDimensions">How many of the input's last dimensions share a scale.</param>
    /// <param name="input">Float value.</param>
    /// <param name="output">Float value.</param>
    /// <param name="minimum">Lower bound of results.</param>
    /// <param name="maximum">Upper bound of results.</param>
    public DynamicRowsFullyConnectedNode(
        NodeSource source, InstructionSet instructionSet, PackedQuantizedMatrix weights, int rowDimensions, int input, int output, float minimum, float maximum)
        : this(source, instructionSet, rowDimensions, [new Part(weights, minimum, maximum)], input, [output])
    {
    }

    private DynamicRowsFullyConnectedNode(
        NodeSource source, InstructionSet instructionSet, int rowDimensions, List<Part> parts, int input, int[] outputs)
        : base(source, [input], outputs)
    {
        _instructionSet = instructionSet;
        _rowDimensions = rowDimensions;
        _parts = parts;
    }

    /// <inheritdoc/>
    public override bool TryFuseClamp(float minimum, float maximum)
    {
        var part = _parts[0];
        _parts[0] = part with { Minimum = Math.Clamp(part.Minimum, minimum, maximum), Maximum = Math.Clamp(part.Maximum, minimum, maximum) };
        return true;
    }

    /// <summary>One node for this one and another on the same input; null if their rows differ.</summary>
    public DynamicRowsFullyConnectedNode? Join(DynamicRowsFullyConnectedNode other) =>
        Inputs[0] == other.Inputs[0] && _rowDimensions == other._rowDimensions && _parts[0].Weights.K == other._parts[0].Weights.K
            ? new DynamicRowsFullyConnectedNode(
                Source, _instructionSet, _rowDimensions, [.. _parts, .. other._parts], Inputs[0], [.. Outputs, .. other.Outputs])
            : null;

    /// <inheritdoc/>
    public override unsafe void InferShapes(GraphState state)
    {
        var k = _parts[0].Weights.K;
        var shape = state.Shape(Inputs[0]);
        if (shape.Rank < _rowDimensions || shape.FromEnd(1) != k)
        {
            throw Source.Invalid("the input does not fit the filter", $"{k} input features", shape.ToString());
        }

        for (var i = 0; i < Outputs.Length; i++)
        {
            shape.Dims[shape.Rank - 1] = _parts[i].Weights.N;
            SetShape(state, i, shape);
        }
    }

    /// <inheritdoc/>
    public override Step CreateStep(GraphState state) => new RowsStep(this, state);

    private readonly record struct Part(PackedQuantizedMatrix Weights, float Minimum, float Maximum);

    private sealed unsafe class RowsStep : Step
    {
        private readonly DynamicRowsFullyConnectedNode _node;
        private readonly QuantizedGemmJob _job;
        private int _rows;
        private int _rowsPerScale;

        public RowsStep(DynamicRowsFullyConnectedNode node, GraphState state)
            : base(node, state)
        {
            _node = node;
            var products = new QuantizedProduct[node._parts.Count];
            for (var i = 0; i < products.Length; i++)
            {
                var part = node._parts[i];
                products[i] = new QuantizedProduct { Weights = part.Weights, CStride = part.Weights.N, Min = part.Minimum, Max = part.Maximum };
            }

            _job = new QuantizedGemmJob(node._instructionSet, products);
        }

        public override void Prepare()
        {
            ref var shape = ref State.Shape(Node.Inputs[0]);
            _rows = (int)shape.Product(0, shape.Rank - 1);
            _rowsPerScale = (int)Math.Max(1, shape.Product(shape.Rank - _node._rowDimensions, shape.Rank - 1));
            ScratchBytes = QuantizedGemmJob.GetScratchBytes(_node._parts[0].Weights.K, _rows);
        }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            ref var shape = ref State.Shape(Node.Inputs[0]);
            var rows = (int)Math.Min(shape.Product(0, shape.Rank - 1), int.MaxValue);
            foreach (var part in _node._parts)
            {
                QuantizedKernelWarmUp.Request(warmUp, part.Weights, rows);
            }
        }

        public override void Run()
        {
            var products = _job.Products;
            for (var i = 0; i < products.Length; i++)
            {
                products[i].C = State.Floats(Node.Outputs[i]);
            }

            _job.Run(State.Pool, State.Floats(Node.Inputs[0]), _rows, _rowsPerScale, State.Scratch);
        }
    }
}
