using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>
/// Element-wise nodes whose results only the next of them reads, run tile by tile: a tile passes through all of them before the next one is read. Results
/// are those of the nodes one by one, bit for bit.
/// </summary>
internal sealed class ElementwiseTreeNode : Node
{
    /// <summary>Most nodes of a tree.</summary>
    public const int MaxParts = 8;

    private const int MaxOperands = MaxParts + 1;
    private const int TileElements = 2048;

    private readonly Part[] _parts;
    private readonly int _slots;

    /// <param name="nodes">Unary and binary nodes in an order in which they can run; each but the last is read by one of the others alone.</param>
    public ElementwiseTreeNode(Node[] nodes)
        : base(nodes[^1].Source, Operands(nodes), [nodes[^1].Outputs[0]])
    {
        Nodes = nodes;
        _parts = new Part[nodes.Length];

        // The tile that holds a node's result until its reader has run; -1: none yet, or no longer.
        Span<int> slotOf = stackalloc int[MaxParts];
        Span<bool> isTaken = stackalloc bool[MaxParts];
        slotOf.Fill(-1);
        isTaken.Clear();
        for (var i = 0; i < nodes.Length; i++)
        {
            var inputs = nodes[i].Inputs;
            var first = Operand(inputs[0], slotOf, isTaken);
            var second = inputs.Length > 1 ? Operand(inputs[1], slotOf, isTaken) : first;
            if (i < nodes.Length - 1)
            {
                slotOf[i] = isTaken.IndexOf(false);
                isTaken[slotOf[i]] = true;
                _slots = Math.Max(_slots, slotOf[i] + 1);
            }

            _parts[i] = new Part(nodes[i], first, second, slotOf[i]);
        }
    }

    /// <summary>The nodes that it stands for.</summary>
    public Node[] Nodes { get; }

    public override void InferShapes(GraphState state)
    {
        foreach (var node in Nodes)
        {
            node.InferShapes(state);
        }
    }

    public override Step CreateStep(GraphState state) => new TreeStep(this, state);

    /// <summary>An input's position, or the complement of a tile, which is free from here on: each result has one reader.</summary>
    private int Operand(int value, Span<int> slotOf, Span<bool> isTaken)
    {
        var producer = ProducerOf(Nodes, value);
        if (producer < 0)
        {
            return Array.IndexOf(Inputs, value);
        }

        isTaken[slotOf[producer]] = false;
        return ~slotOf[producer];
    }

    private static int ProducerOf(Node[] nodes, int value)
    {
        var producer = nodes.Length - 1;
        while (producer >= 0 && nodes[producer].Outputs[0] != value)
        {
            producer--;
        }

        return producer;
    }

    private static int[] Operands(Node[] nodes)
    {
        Span<int> operands = stackalloc int[MaxOperands];
        var count = 0;
        foreach (var node in nodes)
        {
            foreach (var input in node.Inputs)
            {
                if (ProducerOf(nodes, input) < 0 && !operands[..count].Contains(input))
                {
                    operands[count++] = input;
                }
            }
        }

        return operands[..count].ToArray();
    }

    /// <summary>A node of the tree: where its operands come from (an input's position, or the complement of a tile's), and which tile it writes; -1: the output.</summary>
    private readonly unsafe struct Part
    {
        public Part(Node node, int first, int second, int slot)
        {
            (First, Second, Slot) = (first, second, slot);
            if (node is UnaryNode unary)
            {
                IsUnary = true;
                Kernel = (nint)UnaryKernels.Get(unary.Kind, unary.InstructionSet);
                (A, B) = (unary.A, unary.B);
            }
            else
            {
                var binary = (BinaryNode)node;
                Kernel = (nint)BinaryKernels.Get(binary.Kind, binary.InstructionSet);
                (A, B) = (binary.Minimum, binary.Maximum);
            }
        }

        public bool IsUnary { get; }

        public nint Kernel { get; }

        public int First { get; }

        public int Second { get; }

        public int Slot { get; }

        public float A { get; }

        public float B { get; }
    }

    private sealed unsafe class TreeStep(ElementwiseTreeNode node, GraphState state) : Step(node, state), IParallelWork
    {
        private readonly ElementwiseTreeNode _tree = node;
        private readonly long[] _sizes = new long[Shape.MaxRank];
        private readonly long[] _strides = new long[Shape.MaxRank * node.Inputs.Length];
        private int _rank;
        private long _rows;
        private nint _rowLength;
        private nint _rowsPerTile;
        private nint _tilesPerRow;

        // With operands that are smaller than the file says, what lies between can be smaller than the result: then the nodes run one by one.
        private Step[]? _single;
        private bool _isWhole;

        public override void Prepare()
        {
            var output = _tree.Outputs[0];
            ref var shape = ref State.Shape(output);
            _isWhole = true;
            long bytes = 0;
            foreach (var part in _tree.Nodes)
            {
                _isWhole &= State.Count(part.Outputs[0]) == State.Count(output);
                bytes += (State.Bytes(part.Outputs[0]) + 63) & ~63L;
            }

            if (!_isWhole)
            {
                _single ??= [.. _tree.Nodes.Select(part => part.CreateStep(State))];
                foreach (var step in _single)
                {
                    step.Prepare();
                }

                MemoryUse = MemoryUse.Separate;
                ScratchBytes = bytes;
                return;
            }

            MemoryUse = MemoryUse.InPlace;
            PrepareLoops(shape);
            _rowLength = _rank == 0 ? 1 : (nint)_sizes[0];
            _rows = 1;
            for (var i = 1; i < _rank; i++)
            {
                _rows *= _sizes[i];
            }

            _rowsPerTile = Math.Max(1, TileElements / Math.Max(1, _rowLength));
            _tilesPerRow = (_rowLength + TileElements - 1) / TileElements;
            ScratchBytes = (long)_tree._slots * TileElements * sizeof(float) * State.Pool.ThreadCount;
        }

        public override void WarmUp(KernelWarmUp warmUp)
        {
            foreach (var part in _tree._parts)
            {
                if (part.IsUnary)
                {
                    warmUp.Request(part.Kernel, static kernel => ((delegate*<float*, float*, nint, float, float, void>)kernel)(null, null, 0, 0, 0));
                }
                else
                {
                    warmUp.Request(part.Kernel, static kernel =>
                        ((delegate*<in BinaryRows, float*, float*, float*, nint, nint, void>)kernel)(default, null, null, null, 0, 0));
                }
            }
        }

        public override void Run()
        {
            if (!_isWhole)
            {
                RunSingle();
                return;
            }

            var count = _rows * _rowLength;
            if (count == 0)
            {
                return;
            }

            var items = (int)(_rowLength > TileElements ? _rows * _tilesPerRow : (_rows + _rowsPerTile - 1) / _rowsPerTile);
            if (count < ParallelWork.ElementThreshold)
            {
                ((IParallelWork)this).Execute(0, items, 0);
            }
            else
            {
                State.Pool.Run(items, ParallelWork.ElementGrain / TileElements, this);
            }
        }

        void IParallelWork.Execute(int start, int end, int worker)
        {
            var slots = (float*)State.Scratch + ((nint)worker * _tree._slots * TileElements);
            for (var item = start; item < end; item++)
            {
                if (_rowLength > TileElements)
                {
                    var column = item % _tilesPerRow * TileElements;
                    Tile(slots, item / _tilesPerRow, column, 1, Math.Min(TileElements, _rowLength - column));
                    continue;
                }

                var last = Math.Min(_rows, ((long)item + 1) * _rowsPerTile);
                for (var row = (long)item * _rowsPerTile; row < last;)
                {
                    // Rows that follow each other in the innermost of the outer dimensions have one stride.
                    var take = _rank < 2 ? 1 : Math.Min(_sizes[1] - (row % _sizes[1]), last - row);
                    Tile(slots, row, 0, (nint)take, _rowLength);
                    row += take;
                }
            }
        }

        private void Tile(float* slots, long row, nint column, nint rows, nint count)
        {
            var operands = stackalloc float*[MaxOperands];
            var inputs = _tree.Inputs;
            for (var i = 0; i < inputs.Length; i++)
            {
                var strides = i * Shape.MaxRank;
                var offset = column * _strides[strides];
                var rest = row;
                for (var d = 1; d < _rank; d++)
                {
                    offset += rest % _sizes[d] * _strides[strides + d];
                    rest /= _sizes[d];
                }

                operands[i] = State.Floats(inputs[i]) + offset;
            }

            var output = State.Floats(_tree.Outputs[0]) + (row * _rowLength) + column;
            foreach (var part in _tree._parts)
            {
                var first = part.First >= 0 ? operands[part.First] : slots + (~part.First * TileElements);
                var target = part.Slot >= 0 ? slots + (part.Slot * TileElements) : output;
                if (part.IsUnary)
                {
                    ((delegate*<float*, float*, nint, float, float, void>)part.Kernel)(first, target, rows * count, part.A, part.B);
                    continue;
                }

                var second = part.Second >= 0 ? operands[part.Second] : slots + (~part.Second * TileElements);
                var layout = new BinaryRows(Step(part.First), Step(part.Second), RowStride(part.First, count), RowStride(part.Second, count), part.A, part.B);
                ((delegate*<in BinaryRows, float*, float*, float*, nint, nint, void>)part.Kernel)(layout, first, second, target, rows, count);
            }
        }

        private int Step(int operand) => operand < 0 ? 1 : (int)_strides[operand * Shape.MaxRank];

        private nint RowStride(int operand, nint count) => operand < 0 ? count : _rank < 2 ? 0 : (nint)_strides[(operand * Shape.MaxRank) + 1];

        /// <summary>The loops over the output, from the innermost outwards: dimensions over which all operands run on alike are one.</summary>
        private void PrepareLoops(in Shape shape)
        {
            var inputs = _tree.Inputs;
            var next = stackalloc long[MaxOperands];
            var steps = stackalloc long[MaxOperands];
            new Span<long>(next, MaxOperands).Fill(1);
            _rank = 0;
            Array.Clear(_strides);
            for (var d = 1; d <= shape.Rank; d++)
            {
                long size = shape.FromEnd(d);
                if (size == 1)
                {
                    continue;
                }

                var runsOn = _rank > 0;
                for (var i = 0; i < inputs.Length; i++)
                {
                    ref var operand = ref State.Shape(inputs[i]);
                    var operandSize = d <= operand.Rank ? operand.FromEnd(d) : 1;
                    steps[i] = operandSize == 1 ? 0 : next[i];
                    next[i] *= operandSize;
                    runsOn = runsOn && steps[i] == _strides[(i * Shape.MaxRank) + _rank - 1] * _sizes[_rank - 1];
                }

                if (runsOn)
                {
                    _sizes[_rank - 1] *= size;
                    continue;
                }

                for (var i = 0; i < inputs.Length; i++)
                {
                    _strides[(i * Shape.MaxRank) + _rank] = steps[i];
                }

                _sizes[_rank++] = size;
            }
        }

        private void RunSingle()
        {
            var next = State.Scratch;
            for (var i = 0; i < _single!.Length; i++)
            {
                var value = _tree.Nodes[i].Outputs[0];
                if (i < _single.Length - 1)
                {
                    State.SetPointer(value, next);
                    next += (State.Bytes(value) + 63) & ~63L;
                }

                _single[i].Run();
            }
        }
    }
}
