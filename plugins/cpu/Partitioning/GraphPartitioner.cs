using Tandem.Plugins.Cpu.Lowering;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Partitioning;

/// <summary>Cuts one graph into as few partitions as there can be.</summary>
/// <remarks>
/// A node's phase is how often every way to it changes from this backend to the host and back, at most. All nodes of one phase are one partition:
/// a way out of it and back would have raised the phase, so there is no cycle; and each partition but the first waits for one before it, so fewer
/// are impossible.
/// </remarks>
internal sealed class GraphPartitioner
{
    // What a call costs, in the time of as many multiplications: a loop pays it in every round.
    private const long WorkOfCall = 16384;

    // Choosing parameters, quantising, dequantising.
    private const int QuantisationDepth = 3;

    private readonly GraphView _view;
    private readonly bool _isLoop;
    private readonly string?[] _reasons;
    private readonly bool[] _isConstant;
    private readonly int[] _phases;

    private GraphPartitioner(GraphView view, bool isLoop)
    {
        (_view, _isLoop) = (view, isLoop);
        var count = view.Graph.Nodes.Length;
        (_reasons, _isConstant, _phases) = (new string?[count], new bool[count], new int[count]);
    }

    /// <summary>Decides about every node of a graph, nested graphs left out.</summary>
    /// <param name="view">The graph.</param>
    /// <param name="isLoop">Whether the graph is the body of a loop.</param>
    /// <param name="isTaken">Whether an earlier backend has a node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>For each node a reason to refuse it, or its phase.</returns>
    public static (string?[] Reasons, int[] Phases) Partition(GraphView view, bool isLoop, Func<GraphNode, bool> isTaken, CancellationToken cancellationToken)
    {
        var partitioner = new GraphPartitioner(view, isLoop);
        partitioner.Probe(isTaken, cancellationToken);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            QuantisedPatterns.RefuseTorn(view, partitioner._reasons);
            partitioner.AssignPhases();
        }
        while (partitioner.RefuseWhatFails());
        return (partitioner._reasons, partitioner._phases);
    }

    /// <summary>Lowers each node alone, its operands given by the call.</summary>
    private void Probe(Func<GraphNode, bool> isTaken, CancellationToken cancellationToken)
    {
        var constants = new Dictionary<string, LoweredTensor>(StringComparer.Ordinal);
        var results = new QuantisedResults(_view.Graph.Nodes, _view.Outputs);
        var depth = 0;
        for (var i = 0; i < _reasons.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var node = _view.Graph.Nodes[i];
            if (isTaken(node))
            {
                _reasons[i] = "an earlier backend has it";
                continue;
            }

            var scope = new LoweringScope(new GraphWriter(), Resolve) { Results = results };
            _reasons[i] = PartitionLowering.TryLower(node, scope, _view.IsUsed);
            if (_reasons[i] is null)
            {
                var used = node.Outputs.Where(output => _view.IsUsed(output.Name)).ToArray();
                _isConstant[i] = used.Length > 0 && used.All(output => scope.TryGet(output.Name, out var result) && result.IsConstant);
                foreach (var output in _isConstant[i] ? node.Outputs : [])
                {
                    constants[output.Name] = scope[output.Name];
                }
            }
        }

        void Resolve(LoweringScope scope, string name)
        {
            if (constants.TryGetValue(name, out var constant))
            {
                scope[name] = constant;
            }
            else if (_view.Constants.TryGetValue(name, out var tensor))
            {
                scope.AddConstant(name, tensor);
            }
            else if (_view.Find(name) is { } value)
            {
                // What a quantisation gives is more than its type says.
                if (depth < QuantisationDepth && _view.Producer(name) is >= 0 and var producer && QuantisedPatterns.IsQuantisation(_view.Graph.Nodes[producer]) && _reasons[producer] is null)
                {
                    depth++;
                    PartitionLowering.TryLower(_view.Graph.Nodes[producer], scope, _view.IsUsed);
                    depth--;
                }
                else
                {
                    scope.AddOperand(value);
                }
            }
        }
    }

    // A constant is never a result of a call: it is taken only where nothing but one partition reads it.
    private void RefuseConstants(Func<int, bool> isWanted)
    {
        for (var i = _phases.Length - 1; i >= 0; i--)
        {
            if (_isConstant[i] && _reasons[i] is null && !isWanted(i))
            {
                _reasons[i] = "its result is known ahead of time, and not only one partition reads it";
            }
        }
    }

    private IEnumerable<int> Readers(int node) => _view.Graph.Nodes[node].Outputs.SelectMany(output => _view.Readers(output.Name));

    private void AssignPhases()
    {
        RefuseConstants(i => Readers(i).All(reader => _reasons[reader] is null) && !_view.Graph.Nodes[i].Outputs.Any(output => _view.IsOutput(output.Name)));
        for (var i = 0; i < _phases.Length; i++)
        {
            _phases[i] = 0;
            foreach (var predecessor in _view.Predecessors(i))
            {
                // A constant waits for nothing, and is made where it is read.
                var crosses = _reasons[i] is not null && _reasons[predecessor] is null;
                _phases[i] = Math.Max(_phases[i], _isConstant[predecessor] && _reasons[predecessor] is null ? 0 : _phases[predecessor] + (crosses ? 1 : 0));
            }
        }

        for (var i = _phases.Length - 1; i >= 0; i--)
        {
            // Codes come from partition to partition as they are, and are dequantised where they are used.
            if (_reasons[i] is null && (_isConstant[i] || (QuantisedPatterns.IsDequantisation(_view.Graph.Nodes[i])
                && Readers(i).All(reader => _reasons[reader] is null) && !_view.Graph.Nodes[i].Outputs.Any(output => _view.IsOutput(output.Name)))))
            {
                _phases[i] = Readers(i).Select(reader => _phases[reader]).DefaultIfEmpty(_phases[i]).Min();
            }
        }
    }

    /// <summary>Lowers each partition as a whole.</summary>
    /// <returns>Whether a node was refused that had not been.</returns>
    private bool RefuseWhatFails()
    {
        var refused = _reasons.Count(static reason => reason is not null);
        RefuseConstants(i => Readers(i).All(reader => _phases[reader] == _phases[i]));
        var hasRefused = _reasons.Count(static reason => reason is not null) != refused;
        foreach (var partition in Enumerable.Range(0, _phases.Length).Where(i => _reasons[i] is null).GroupBy(i => _phases[i]).OrderBy(static group => group.Key))
        {
            hasRefused |= Fails([.. partition]);
        }

        return hasRefused;
    }

    private bool Fails(int[] partition)
    {
        var members = partition.ToHashSet();
        var writer = new GraphWriter();
        var nodes = Array.ConvertAll(partition, i => _view.Graph.Nodes[i]);
        var outputs = nodes.SelectMany(static node => node.Outputs).Select(static output => output.Name)
            .Where(name => _view.IsOutput(name) || _view.Readers(name).Any(reader => !members.Contains(reader))).ToArray();
        var scope = new LoweringScope(writer) { Results = new QuantisedResults(nodes, outputs) };
        foreach (var name in nodes.SelectMany(static node => node.References()).Distinct(StringComparer.Ordinal))
        {
            if (_view.Constants.TryGetValue(name, out var tensor))
            {
                scope.AddConstant(name, tensor);
            }
            else if (!members.Contains(_view.Producer(name)) && _view.Find(name) is { } value)
            {
                scope.AddInput(value);
            }
        }

        if (PartitionLowering.Lower(scope, nodes, outputs, _view.IsUsed) is var (node, reason))
        {
            _reasons[Array.Find(partition, i => _view.Graph.Nodes[i] == node)] = reason;
            return true;
        }

        var unworthy = !writer.Computes ? "its partition would only move elements, which is not worth a call"
            : _isLoop && writer.Work < WorkOfCall ? $"its partition would do about {writer.Work} multiplications in each round of a loop, which is not worth a call"
            : null;
        if (unworthy is null)
        {
            return false;
        }

        foreach (var i in partition)
        {
            _reasons[i] = unworthy;
        }

        return true;
    }
}
