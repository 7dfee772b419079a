using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>A graph in which each partition is one step: the order in which the steps can run, or a cycle.</summary>
/// <remarks>A partition that is convex alone may still close a cycle with another one, so all are contracted together.</remarks>
internal sealed class ContractedGraph
{
    private readonly List<Step> _steps = [];

    /// <summary>Contracts a graph.</summary>
    /// <param name="graph">The graph; its nested graphs are closed and do not matter here.</param>
    /// <param name="taken">The partition of each node, by name.</param>
    internal ContractedGraph(ExportedGraph graph, IReadOnlyDictionary<string, PartitionClaim> taken)
    {
        var byClaim = new Dictionary<PartitionClaim, Step>(ReferenceEqualityComparer.Instance);
        var producers = new Dictionary<string, Step>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            var claim = taken.GetValueOrDefault(node.Name);
            Step step;
            if (claim is not null && byClaim.TryGetValue(claim, out var known))
            {
                step = known;
            }
            else
            {
                step = new Step(claim, _steps.Count);
                _steps.Add(step);
                if (claim is not null)
                {
                    byClaim.Add(claim, step);
                }
            }

            step.Nodes.Add(node);
            foreach (var name in node.References())
            {
                if (producers.TryGetValue(name, out var producer) && producer != step && producer.Readers.Add(step))
                {
                    step.Waits++;
                }
            }

            foreach (var output in node.Outputs)
            {
                producers[output.Name] = step;
            }
        }
    }

    /// <summary>Orders the steps: each after those whose values it reads, and otherwise by its first node.</summary>
    /// <param name="cycle">A cycle, by steps, if there is no order.</param>
    /// <returns>The steps in order; those of a cycle are missing.</returns>
    internal ImmutableArray<Step> Order(out ImmutableArray<Step> cycle)
    {
        var waits = _steps.Select(step => step.Waits).ToArray();
        var ready = new PriorityQueue<Step, int>();
        foreach (var step in _steps.Where(step => step.Waits == 0))
        {
            ready.Enqueue(step, step.Index);
        }

        var order = ImmutableArray.CreateBuilder<Step>(_steps.Count);
        while (ready.TryDequeue(out var step, out _))
        {
            order.Add(step);
            foreach (var reader in step.Readers)
            {
                if (--waits[reader.Index] == 0)
                {
                    ready.Enqueue(reader, reader.Index);
                }
            }
        }

        cycle = order.Count == _steps.Count ? [] : FindCycle(waits);
        return order.ToImmutable();
    }

    // Every step that still waits has a producer that still waits: going back along them ends in a cycle.
    private ImmutableArray<Step> FindCycle(int[] waits)
    {
        var producerOf = new Dictionary<Step, Step>();
        foreach (var step in _steps.Where(step => waits[step.Index] > 0))
        {
            foreach (var reader in step.Readers)
            {
                producerOf.TryAdd(reader, step);
            }
        }

        var seen = new List<Step>();
        var current = _steps.First(step => waits[step.Index] > 0);
        while (!seen.Contains(current))
        {
            seen.Add(current);
            current = producerOf[current];
        }

        return [.. seen.SkipWhile(step => step != current).Reverse()];
    }

    /// <summary>One step: a partition, or a node that no backend took.</summary>
    internal sealed class Step(PartitionClaim? claim, int index)
    {
        /// <summary>The partition; null for a node on its own.</summary>
        internal PartitionClaim? Claim => claim;

        /// <summary>Position by the first node.</summary>
        internal int Index => index;

        /// <summary>The nodes, in the order of the graph.</summary>
        internal List<GraphNode> Nodes { get; } = [];

        /// <summary>Steps that read a value of this one.</summary>
        internal HashSet<Step> Readers { get; } = [];

        /// <summary>Number of steps whose values this one reads.</summary>
        internal int Waits { get; set; }

        public override string ToString() => claim is null ? Nodes[0].Name : $"partition '{claim.Spec.Tag}'";
    }
}
