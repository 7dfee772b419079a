using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Planning;

/// <summary>Orders nodes so that less memory is wanted at one time.</summary>
internal static class NodeOrder
{
    /// <summary>Moves what is computed from constants alone, such as dequantised weights, to where it is first read.</summary>
    /// <param name="method">The method.</param>
    /// <returns>Its nodes; each reads only inputs and outputs of earlier ones.</returns>
    internal static ImmutableArray<GraphNode> Sink(ExportedMethod method)
    {
        var nodes = method.Graph.Nodes;
        var known = method.Signature.Inputs.Where(input => input.Kind != GraphInputKind.UserInput).Select(input => input.ValueName).ToHashSet(StringComparer.Ordinal);
        var waiting = new SortedSet<int>();
        var producer = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < nodes.Length; i++)
        {
            if (IsRepeatable(nodes[i]) && nodes[i].References().All(known.Contains))
            {
                waiting.Add(i);
                foreach (var output in nodes[i].Outputs)
                {
                    known.Add(output.Name);
                    producer.Add(output.Name, i);
                }
            }
        }

        if (waiting.Count == 0)
        {
            return nodes;
        }

        var order = ImmutableArray.CreateBuilder<GraphNode>(nodes.Length);
        var isWaiting = waiting.ToHashSet();
        for (var i = 0; i < nodes.Length; i++)
        {
            if (!isWaiting.Contains(i))
            {
                Fetch(nodes[i].References());
                order.Add(nodes[i]);
            }
        }

        Fetch(method.Graph.Outputs.SelectMany(output => output.References()));
        order.AddRange(waiting.Select(i => nodes[i]));
        return order.MoveToImmutable();

        // What a node reads and is not there yet, in the order of the graph.
        void Fetch(IEnumerable<string> names)
        {
            var wanted = new SortedSet<int>();
            var open = new Stack<string>(names);
            while (open.TryPop(out var name))
            {
                if (producer.TryGetValue(name, out var index) && waiting.Remove(index))
                {
                    wanted.Add(index);
                    foreach (var reference in nodes[index].References())
                    {
                        open.Push(reference);
                    }
                }
            }

            order.AddRange(wanted.Select(index => nodes[index]));
        }
    }

    // Draws of random numbers stay in their order.
    private static bool IsRepeatable(GraphNode node) => !node.Operator.StartsWith("higher_order::", StringComparison.Ordinal)
        && node.Operator is not ("aten::rand" or "aten::randn" or "aten::rand_like" or "aten::randn_like" or "aten::randint" or "aten::bernoulli" or "aten::normal" or "aten::native_dropout");
}
