namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Where every internal value of a graph lies, for the shapes of the moment: views share memory, element-wise steps overwrite dead operands,
/// and the rest is packed by size over lifetimes. Planning allocates nothing on the managed heap.
/// </summary>
internal sealed unsafe class MemoryPlan
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

    /// <summary>Prepares to plan.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="steps">Its steps in an executor.</param>
    public MemoryPlan(CompiledGraph graph, Step[] steps)
    {
        _values = graph.Values;
        _steps = steps;
        (_firstStep, _lastRead) = (graph.FirstStep, graph.LastRead);
        _holderOf = new int[_values.Length];
        _place = new long[_values.Length];
    }

    /// <summary>Bytes of workspace for all internal values.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Plans anew.</summary>
    /// <param name="state">Current shapes.</param>
    /// <param name="active">Receives the steps that have something to do, in order.</param>
    /// <param name="scratch">Memory to plan with; the plan keeps nothing in it.</param>
    /// <returns>Number of steps in <paramref name="active"/>.</returns>
    public int Plan(GraphState state, Step[] active, in PlanScratch scratch)
    {
        foreach (var value in _values)
        {
            var index = value.Index;
            scratch.Storage[index] = index;
            scratch.OffsetInStorage[index] = 0;
            scratch.Holder[index] = value.Kind == ValueKind.Internal ? Workspace : index;
            scratch.LastUse[index] = _lastRead[index];
            scratch.Size[index] = state.Bytes(index);
        }

        var activeCount = 0;
        for (var step = 0; step < _steps.Length; step++)
        {
            if (!TryShare(scratch, _steps[step], step))
            {
                active[activeCount++] = _steps[step];
            }
        }

        Place(scratch);
        foreach (var value in _values)
        {
            var storage = scratch.Storage[value.Index];
            var holder = scratch.Holder[storage];
            _holderOf[value.Index] = holder;
            _place[value.Index] = scratch.OffsetInStorage[value.Index] + (holder == Workspace ? scratch.Offset[storage] : 0);
        }

        return activeCount;
    }

    /// <summary>Writes the address of every value into the state.</summary>
    /// <param name="state">Receives addresses; holds those of arguments and constants already.</param>
    /// <param name="workspace">Memory of <see cref="TotalBytes"/>.</param>
    public void Bind(GraphState state, byte* workspace)
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
    private bool TryShare(in PlanScratch scratch, Step step, int index)
    {
        var node = step.Node;
        if (step.MemoryUse == MemoryUse.View)
        {
            return TryView(scratch, node.Inputs[0], node.Outputs[0], step.ViewOffset);
        }

        if (step.MemoryUse == MemoryUse.InPlace)
        {
            foreach (var input in node.Inputs)
            {
                if (TryOverwrite(scratch, node, input, node.Outputs[0], index))
                {
                    break;
                }
            }
        }

        return false;
    }

    private bool TryView(in PlanScratch scratch, int input, int output, long offset)
    {
        var storage = scratch.Storage[input];
        if (_values[output].Kind == ValueKind.Output)
        {
            // The other way round: whoever wrote the input writes into the argument.
            if (scratch.Holder[storage] != Workspace || scratch.OffsetInStorage[input] + offset != 0 || scratch.Size[storage] != scratch.Size[output])
            {
                return false;
            }

            scratch.Holder[storage] = output;
        }

        Join(scratch, output, storage, scratch.OffsetInStorage[input] + offset);
        return true;
    }

    private bool TryOverwrite(in PlanScratch scratch, Node node, int input, int output, int step)
    {
        var storage = scratch.Storage[input];
        if (scratch.Holder[storage] != Workspace || scratch.LastUse[storage] > step || scratch.OffsetInStorage[input] != 0 || scratch.Size[storage] != scratch.Size[output])
        {
            return false;
        }

        foreach (var other in node.Inputs)
        {
            // Another view of the same bytes may be read in another order.
            if (other != input && scratch.Storage[other] == storage)
            {
                return false;
            }
        }

        if (_values[output].Kind == ValueKind.Output)
        {
            scratch.Holder[storage] = output;
        }

        Join(scratch, output, storage, 0);
        return true;
    }

    private void Join(in PlanScratch scratch, int value, int storage, long offset)
    {
        scratch.Storage[value] = storage;
        scratch.OffsetInStorage[value] = offset;
        scratch.LastUse[storage] = Math.Max(scratch.LastUse[storage], _lastRead[value]);
    }

    // Shell's sort: the framework's sort of pairs would have to be compiled anew for these types while the first call waits.
    private static void SortBySize(in PlanScratch scratch, int count)
    {
        for (var gap = count / 2; gap > 0; gap /= 2)
        {
            for (var i = gap; i < count; i++)
            {
                var item = scratch.Order[i];
                var j = i;
                while (j >= gap && (scratch.Size[scratch.Order[j - gap]] < scratch.Size[item] || (scratch.Size[scratch.Order[j - gap]] == scratch.Size[item] && scratch.Order[j - gap] > item)))
                {
                    scratch.Order[j] = scratch.Order[j - gap];
                    j -= gap;
                }

                scratch.Order[j] = item;
            }
        }
    }

    /// <summary>The largest first, each at the lowest offset that is free over its whole life.</summary>
    private void Place(in PlanScratch scratch)
    {
        var count = 0;
        foreach (var value in _values)
        {
            // What lies within a fused node has no reader left, and needs no place.
            scratch.Offset[value.Index] = 0;
            if (scratch.Storage[value.Index] == value.Index && scratch.Holder[value.Index] == Workspace && scratch.LastUse[value.Index] >= 0)
            {
                scratch.Order[count++] = value.Index;
            }
        }

        SortBySize(scratch, count);
        TotalBytes = 0;
        var placed = 0;
        for (var i = 0; i < count; i++)
        {
            var storage = scratch.Order[i];
            var size = (scratch.Size[storage] + Alignment - 1) & ~(Alignment - 1L);
            long offset = 0;
            var position = 0;

            // Placed is sorted by offset, so the first gap that is large enough is the lowest.
            for (var j = 0; j < placed; j++)
            {
                var other = scratch.Placed[j];
                if (scratch.LastUse[other] < _firstStep[storage] || scratch.LastUse[storage] < _firstStep[other])
                {
                    continue;
                }

                if (offset + size <= scratch.Offset[other])
                {
                    break;
                }

                offset = Math.Max(offset, scratch.Offset[other] + ((scratch.Size[other] + Alignment - 1) & ~(Alignment - 1L)));
            }

            scratch.Offset[storage] = offset;
            while (position < placed && scratch.Offset[scratch.Placed[position]] <= offset)
            {
                position++;
            }

            Buffer.MemoryCopy(scratch.Placed + position, scratch.Placed + position + 1, (long)(placed - position) * sizeof(int), (long)(placed - position) * sizeof(int));
            scratch.Placed[position] = storage;
            placed++;
            TotalBytes = Math.Max(TotalBytes, offset + size);
        }
    }
}
