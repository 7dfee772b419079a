namespace Tandem.Plugins.Cpu.Graph;

/// <summary>A payload, ready to run: resolved nodes, packed weights, constants. Immutable and shared by sessions; counted by the cache that holds it.</summary>
internal sealed class CompiledGraph : IDisposable
{
    private readonly List<IDisposable> _resources;

    public CompiledGraph(GraphValue[] values, Node[] nodes, List<IDisposable> resources)
    {
        Values = values;
        Nodes = nodes;
        _resources = resources;
        Inputs = ArgumentsOf(values, ValueKind.Input);
        Outputs = ArgumentsOf(values, ValueKind.Output);
        FirstStep = new int[values.Length];
        LastRead = new int[values.Length];
        Executors = new ExecutorPool(this);
        SetLifetimes();
    }

    /// <summary>Those that run the graph; the graph owns them.</summary>
    public ExecutorPool Executors { get; }

    public GraphValue[] Values { get; }

    /// <summary>In the order in which they run.</summary>
    public Node[] Nodes { get; }

    public GraphArgument[] Inputs { get; }

    public GraphArgument[] Outputs { get; }

    /// <summary>The node that writes a value, by position.</summary>
    public int[] FirstStep { get; }

    /// <summary>The last node that reads a value, or the one that writes it where nobody reads it; an output is read after all.</summary>
    public int[] LastRead { get; }

    /// <summary>Bytes that the graph holds itself; packed weights and named data are counted where they are shared.</summary>
    public long ByteCount => (Values.Length * 128L) + (Nodes.Length * 256L);

    private void SetLifetimes()
    {
        Array.Fill(LastRead, -1);
        for (var step = 0; step < Nodes.Length; step++)
        {
            foreach (var input in Nodes[step].Inputs)
            {
                LastRead[input] = step;
            }

            foreach (var output in Nodes[step].Outputs)
            {
                FirstStep[output] = step;
                LastRead[output] = Math.Max(LastRead[output], step);
            }
        }

        foreach (var output in Outputs)
        {
            LastRead[output.Value] = int.MaxValue;
        }
    }

    private static GraphArgument[] ArgumentsOf(GraphValue[] values, ValueKind kind)
    {
        var count = 0;
        foreach (var value in values)
        {
            count += value.Kind == kind ? 1 : 0;
        }

        var arguments = new GraphArgument[count];
        count = 0;
        foreach (var value in values)
        {
            if (value.Kind == kind)
            {
                arguments[count++] = new GraphArgument(value.Index, value.Argument);
            }
        }

        return arguments;
    }

    public void Dispose()
    {
        Executors.Dispose();
        foreach (var resource in _resources)
        {
            resource.Dispose();
        }

        _resources.Clear();
    }
}
