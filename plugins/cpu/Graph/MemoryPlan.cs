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

    // What a plan is: for each value who holds it, and where in there.
    private readonly int[] _holderOf;
    private readonly long[] _place;
    private readonly PlanScratch _scratch;

    /// <summary>Prepares to plan.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="steps">Its steps in a session.</param>
    /// <param name="scratch">Memory of the session for planning; this plan keeps nothing in it.</param>
    public MemoryPlan(CompiledGraph graph, Step[] steps, PlanScratch scratch)
    {
        _values = graph.Values;
        _steps = steps;
        (_firstStep, _lastRead) = (graph.FirstStep, graph.LastRead);
        _holderOf = new int[_values.Length];
        _place = new long[_values.Length];
        _scratch = scratch;
        scratch.Reserve(_values.Length);
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
            _scratch.Storage[index] = index;
            _scratch.OffsetInStorage[index] = 0;
            _scratch.Holder[index] = value.Kind == ValueKind.Internal ? Workspace : index;
            _scratch.LastUse[index] = _lastRead[index];
            _scratch.Size[index] = state.Bytes(index);
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
        foreach (var value in _values)
        {
            var storage = _scratch.Storage[value.Index];
            var holder = _scratch.Holder[storage];
            _holderOf[value.Index] = holder;
            _place[value.Index] = _scratch.OffsetInStorage[value.Index] + (holder == Workspace ? _scratch.Offset[storage] : 0);
        }

        return activeCount;
    }

    /// <summary>Writes the address of every value into the state.</summary>
    /// <param name="state">Receives addresses; holds those of arguments and constants already.</param>
    /// <param name="workspace">Memory of <see cref="TotalBytes"/>.</param>
    public unsafe void Bind(GraphState state, byte* workspace)
    {
        foreach (var value in _values)
        {
            var holder = _holderOf[value.Index];
            if (holder != value.Index)
            {
                state.SetPointer(value.Index, (holder == Workspace ? workspace : state.Pointer(holder)) + _place[value.Index]);
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
        var storage = _scratch.Storage[input];
        if (_values[output].Kind == ValueKind.Output)
        {
            // The other way round: whoever wrote the input writes into the argument.
            if (_scratch.Holder[storage] != Workspace || _scratch.OffsetInStorage[input] + offset != 0 || _scratch.Size[storage] != _scratch.Size[output])
            {
                return false;
            }

            _scratch.Holder[storage] = output;
        }

        Join(output, storage, _scratch.OffsetInStorage[input] + offset);
        return true;
    }

    private bool TryOverwrite(Node node, int input, int output, int step)
    {
        var storage = _scratch.Storage[input];
        if (_scratch.Holder[storage] != Workspace || _scratch.LastUse[storage] > step || _scratch.OffsetInStorage[input] != 0 || _scratch.Size[storage] != _scratch.Size[output])
        {
            return false;
        }

        foreach (var other in node.Inputs)
        {
            // Another view of the same bytes may be read in another order.
            if (other != input && _scratch.Storage[other] == storage)
            {
                return false;
            }
        }

        if (_values[output].Kind == ValueKind.Output)
        {
            _scratch.Holder[storage] = output;
        }

        Join(output, storage, 0);
        return true;
    }

    private void Join(int value, int storage, long offset)
    {
        _scratch.Storage[value] = storage;
        _scratch.OffsetInStorage[value] = offset;
        _scratch.LastUse[storage] = Math.Max(_scratch.LastUse[storage], _lastRead[value]);
    }

    // Shell's sort: the framework's sort of pairs would have to be compiled anew for these types while the first call waits.
    private void SortBySize(int count)
    {
        for (var gap = count / 2; gap > 0; gap /= 2)
        {
            for (var i = gap; i < count; i++)
            {
                var item = _scratch.Order[i];
                var j = i;
                while (j >= gap && (_scratch.Size[_scratch.Order[j - gap]] < _scratch.Size[item] || (_scratch.Size[_scratch.Order[j - gap]] == _scratch.Size[item] && _scratch.Order[j - gap] > item)))
                {
                    _scratch.Order[j] = _scratch.Order[j - gap];
                    j -= gap;
                }

                _scratch.Order[j] = item;
            }
        }
    }

    /// <summary>The largest first, each at the lowest offset that is free over its whole life.</summary>
    private void Place()
    {
        var count = 0;
        foreach (var value in _values)
        {
            if (_scratch.Storage[value.Index] == value.Index && _scratch.Holder[value.Index] == Workspace)
            {
                _scratch.Order[count++] = value.Index;
            }
        }

        SortBySize(count);
        TotalBytes = 0;
        var placed = 0;
        for (var i = 0; i < count; i++)
        {
            var storage = _scratch.Order[i];
            var size = (_scratch.Size[storage] + Alignment - 1) & ~(Alignment - 1L);
            long offset = 0;
            var position = 0;

            // Placed is sorted by offset, so the first gap that is large enough is the lowest.
            for (var j = 0; j < placed; j++)
            {
                var other = _scratch.Placed[j];
                if (_scratch.LastUse[other] < _firstStep[storage] || _scratch.LastUse[storage] < _firstStep[other])
                {
                    continue;
                }

                if (offset + size <= _scratch.Offset[other])
                {
                    break;
                }

                offset = Math.Max(offset, _scratch.Offset[other] + ((_scratch.Size[other] + Alignment - 1) & ~(Alignment - 1L)));
            }

            _scratch.Offset[storage] = offset;
            while (position < placed && _scratch.Offset[_scratch.Placed[position]] <= offset)
            {
                position++;
            }

            Array.Copy(_scratch.Placed, position, _scratch.Placed, position + 1, placed - position);
            _scratch.Placed[position] = storage;
            placed++;
            TotalBytes = Math.Max(TotalBytes, offset + size);
        }
    }
}
