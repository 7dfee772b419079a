using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Partitioning;

/// <summary>A graph with what a partitioner asks about it: who sets a value, who reads it, which values never change.</summary>
internal sealed class GraphView
{
    private readonly Dictionary<string, GraphValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _readers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs;

    /// <summary>Looks at a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="constants">Inputs that are the same in every call, with their bytes.</param>
    public GraphView(ExportedGraph graph, IReadOnlyDictionary<string, ExportedTensor> constants)
    {
        (Graph, Constants) = (graph, constants);
        foreach (var input in graph.Inputs)
        {
            _values[input.Name] = input;
        }

        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            foreach (var output in graph.Nodes[i].Outputs)
            {
                _values[output.Name] = output;
                _producers[output.Name] = i;
            }

            foreach (var name in graph.Nodes[i].References().Distinct(StringComparer.Ordinal))
            {
                if (!_readers.TryGetValue(name, out var list))
                {
                    _readers[name] = list = [];
                }

                list.Add(i);
            }
        }

        _outputs = graph.Outputs.SelectMany(output => output.References()).ToHashSet(StringComparer.Ordinal);
    }

    public ExportedGraph Graph { get; }

    public IReadOnlyDictionary<string, ExportedTensor> Constants { get; }

    public GraphValue? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Position of the node that sets a value; -1 if an input does.</summary>
    public int Producer(string name) => _producers.GetValueOrDefault(name, -1);

    /// <summary>Positions of the nodes that read a value.</summary>
    public IReadOnlyList<int> Readers(string name) => _readers.GetValueOrDefault(name, []);

    /// <summary>Names of the values that the graph returns.</summary>
    public IReadOnlyCollection<string> Outputs => _outputs;

    public bool IsOutput(string name) => _outputs.Contains(name);

    public bool IsUsed(string name) => _outputs.Contains(name) || _readers.ContainsKey(name);

    /// <summary>Positions of the nodes whose results a node reads.</summary>
    public IEnumerable<int> Predecessors(int node) => Graph.Nodes[node].References().Select(Producer).Where(static position => position >= 0);
}
