namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Where every internal value of a graph lies, for the shapes of the moment: views share memory, element-wise steps overwrite dead operands,
/// and the rest is packed by size over lifetimes. Planning allocates nothing on the managed heap.
/// </summary>
internal sealed class MemoryPlan
{
    private const int Alignment = 64;

    // Storage of its own (-1), or the argument or constant that holds it (that value's index).
    private const int Workspace = -1;

    private readonly GraphValue[] _values;
    private readonly Step[] _steps;
    private readonly int[] _firstStep;
    private readonly int[] _lastRead;

    // A storage is named by its first value.
    private readonly int[] _storage;
    private readonly long[] _offsetInStorage;
    private readonly int[] _holder;
    private readonly int[] _lastUse;
    private readonly long[] _size;
    private readonly long[] _offset;
    private readonly int[] _order;
    private readonly int[] _placed;

    public MemoryPlan(CompiledGraph graph, Step[] steps)
    {
        _values = graph.Values;
        _steps = steps;
        var count = _values.Length;
        _firstStep = new int[count];
        _lastRead = new int[count];
        _storage = new int[count];
        _offsetInStorage = new long[count];
        _holder = new int[count];
        _lastUse = new int[count];
        _size = new long[count];
        _offset = new long[count];
        _order = new int[count];
        _placed = new int[count];

        Array.Fill(_lastRead, -1);
        for (var step = 0; step < steps.Length; step++)
        {
            foreach (var input in steps[step].Node.Inputs)
            {
                _lastRead[input] = step;
            }

            foreach (var output in steps[step].Node.Outputs)
            {
                _firstStep[output] = step;
                _lastRead[output] = Math.Max(_lastRead[output], step);
            }
        }

        foreach (var value in _values)
        {
            if (value.Kind == ValueKind.Output)
            {
                _lastRead[value.Index] = int.MaxValue;
            }
        }
    }

    /// <summary>Bytes of workspace for all internal values.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Plans anew.</summary>
    /// <param name="state">Current shapes.</param>
    /// <param name="active">Receives the steps that have something to do, in order.</param>
    /// <returns>Number of steps in <paramref name="active"/>.</returns>
    public int Plan(GraphState state, Step[] active)
    {
        foreach (var value in _values)
        {
            var index = value.Index;
            _storage[index] = index;
            _offsetInStorage[index] = 0;
            _holder[index] = value.Kind == ValueKind.Internal ? Workspace : index;
            _lastUse[index] = _lastRead[index];
            _size[index] = state.Bytes(index);
        }

        var activeCount = 0;
        for (var step = 0; step < _steps.Length; step++)
        {
            if (!TryShare(_steps[step], step))
            {
                active[activeCount++] = _steps[step];
            }
        }

        Place();
        return activeCount;
    }

    /// <summary>Writes the address of every value into the state.</summary>
    /// <param name="state">Receives addresses; holds those of arguments and constants already.</param>
    /// <param name="workspace">Memory of <see cref="TotalBytes"/>.</param>
    public unsafe void Bind(GraphState state, byte* workspace)
    {
        foreach (var value in _values)
        {
            var storage = _storage[value.Index];
            var holder = _holder[storage];
            if (holder != value.Index)
            {
                var start = holder == Workspace ? workspace + _offset[storage] : state.Pointer(holder);
                state.SetPointer(value.Index, start + _offsetInStorage[value.Index]);
            }
        }
    }

    /// <summary>Lets a step's output share the memory of an operand.</summary>
    /// <returns>Whether the step has nothing left to do.</returns>
    private bool TryShare(Step step, int index)
    {
        var node = step.Node;
        if (step.MemoryUse == MemoryUse.View)
        {
            return TryView(node.Inputs[0], node.Outputs[0], step.ViewOffset);
        }

        if (step.MemoryUse == MemoryUse.InPlace)
        {
            foreach (var input in node.Inputs)
            {
                if (TryOverwrite(node, input, node.Outputs[0], index))
                {
                    break;
                }
            }
        }

        return false;
    }

    private bool TryView(int input, int output, long offset)
    {
        var storage = _storage[input];
        if (_values[output].Kind == ValueKind.Output)
        {
            // The other way round: whoever wrote the input writes into the argument.
            if (_holder[storage] != Workspace || _offsetInStorage[input] + offset != 0 || _size[storage] != _size[output])
            {
                return false;
            }

            _holder[storage] = output;
        }

        Join(output, storage, _offsetInStorage[input] + offset);
        return true;
    }

    private bool TryOverwrite(Node node, int input, int output, int step)
    {
        var storage = _storage[input];
        if (_holder[storage] != Workspace || _lastUse[storage] > step || _offsetInStorage[input] != 0 || _size[storage] != _size[output])
        {
            return false;
        }

        foreach (var other in node.Inputs)
        {
            // Another view of the same bytes may be read in another order.
            if (other != input && _storage[other] == storage)
            {
                return false;
            }
        }

        if (_values[output].Kind == ValueKind.Output)
        {
            _holder[storage] = output;
        }

        Join(output, storage, 0);
        return true;
    }

    private void Join(int value, int storage, long offset)
    {
        _storage[value] = storage;
        _offsetInStorage[value] = offset;
        _lastUse[storage] = Math.Max(_lastUse[storage], _lastRead[value]);
    }

    // Shell's sort: the framework's sort of pairs would have to be compiled anew for these types while the first call waits.
    private void SortBySize(int count)
    {
        for (var gap = count / 2; gap > 0; gap /= 2)
        {
            for (var i = gap; i < count; i++)
            {
                var item = _order[i];
                var j = i;
                while (j >= gap && (_size[_order[j - gap]] < _size[item] || (_size[_order[j - gap]] == _size[item] && _order[j - gap] > item)))
                {
                    _order[j] = _order[j - gap];
                    j -= gap;
                }

                _order[j] = item;
            }
        }
    }

    /// <summary>The largest first, each at the lowest offset that is free over its whole life.</summary>
    private void Place()
    {
        var count = 0;
        foreach (var value in _values)
        {
            if (_storage[value.Index] == value.Index && _holder[value.Index] == Workspace)
            {
                _order[count++] = value.Index;
            }
        }

        SortBySize(count);
        TotalBytes = 0;
        var placed = 0;
        for (var i = 0; i < count; i++)
        {
            var storage = _order[i];
            var size = (_size[storage] + Alignment - 1) & ~(Alignment - 1L);
            long offset = 0;
            var position = 0;

            // _placed is sorted by offset, so the first gap that is large enough is the lowest.
            for (var j = 0; j < placed; j++)
            {
                var other = _placed[j];
                if (_lastUse[other] < _firstStep[storage] || _lastUse[storage] < _firstStep[other])
                {
                    continue;
                }

                if (offset + size <= _offset[other])
                {
                    break;
                }

                offset = Math.Max(offset, _offset[other] + ((_size[other] + Alignment - 1) & ~(Alignment - 1L)));
            }

            _offset[storage] = offset;
            while (position < placed && _offset[_placed[position]] <= offset)
            {
                position++;
            }

            Array.Copy(_placed, position, _placed, position + 1, placed - position);
            _placed[position] = storage;
            placed++;
            TotalBytes = Math.Max(TotalBytes, offset + size);
        }
    }
}
