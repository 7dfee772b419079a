using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Gives every reader of dequantised numbers a dequantisation of its own, so that a backend can take it together with each of them: a quantised weight that
/// two partitions use is no float32 between them. What no backend took becomes one again when common subexpressions are eliminated.
/// What chooses parameters when called and what quantises with them read one and the same: the parameters are those of that very tensor.
/// </summary>
internal sealed class DuplicateDequantization : IGraphPass
{
    public string Name => "duplicate-dequantization";

    public ExportedMethod Run(ExportedMethod method, PassContext context)
    {
        HashSet<string>? names = null;
        var graph = Run(method.Graph, Fresh);
        return ReferenceEquals(graph, method.Graph) ? method : method with { Graph = graph };

        string Fresh(string stem)
        {
            names ??= Names(method.Graph).ToHashSet(StringComparer.Ordinal);
            for (var i = 1; ; i++)
            {
                if (names.Add($"{stem}_copy_{i}"))
                {
                    return $"{stem}_copy_{i}";
                }
            }
        }
    }

    private static ExportedGraph Run(ExportedGraph graph, Func<string, string> fresh)
    {
        var producers = graph.Nodes.Where(IsDequantization).ToDictionary(node => node.Outputs[0].Name, StringComparer.Ordinal);
        var read = new HashSet<string>(StringComparer.Ordinal);
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal);
        var nodes = ImmutableArray.CreateBuilder<GraphNode>(graph.Nodes.Length);
        var isChanged = false;
        foreach (var node in graph.Nodes)
        {
            var changed = node with { Arguments = [.. node.Arguments.Select(argument => argument with { Value = Nested(argument.Value, fresh) })] };
            changed = changed.Arguments.Zip(node.Arguments).All(pair => ReferenceEquals(pair.First.Value, pair.Second.Value)) ? node : changed;
            foreach (var name in node.References().Distinct().Where(producers.ContainsKey).ToList())
            {
                var isDynamic = IsDynamicQuantization(node);
                if (!isDynamic || !chosen.TryGetValue(name, out var copy))
                {
                    var producer = producers[name];
                    copy = read.Add(name) ? name : fresh(name);
                    if (copy != name)
                    {
                        nodes.Add(producer with { Name = copy, Outputs = [producer.Outputs[0] with { Name = copy }] });
                    }

                    if (isDynamic)
                    {
                        chosen.Add(name, copy);
                    }
                }

                if (copy == name)
                {
                    continue;
                }

                changed = changed with { Arguments = [.. changed.Arguments.Select(argument => argument with { Value = Renamed(argument.Value, name, copy) })] };
            }

            isChanged |= !ReferenceEquals(changed, node);
            nodes.Add(changed);
        }

        return isChanged ? graph with { Nodes = nodes.ToImmutable() } : graph;
    }

    private static bool IsDequantization(GraphNode node) =>
        node.Outputs.Length == 1 && (node.Operator.StartsWith("quantized_decomposed::dequantize_", StringComparison.Ordinal) || node.Operator == "torchao::dequantize_affine");

    private static bool IsDynamicQuantization(GraphNode node) => node.FullName is "quantized_decomposed::quantize_per_tensor.tensor" or "quantized_decomposed::quantize_per_tensor.tensor2"
        || node.Operator is "quantized_decomposed::quantize_per_token" or "torchao::quantize_affine"
        || node.Operator.StartsWith("quantized_decomposed::choose_qparams", StringComparison.Ordinal) || node.Operator.StartsWith("torchao::choose_qparams", StringComparison.Ordinal);

    private static GraphArgument Nested(GraphArgument argument, Func<string, string> fresh)
    {
        switch (argument)
        {
            case GraphArgument.Subgraph nested:
                var graph = Run(nested.Value, fresh);
                return ReferenceEquals(graph, nested.Value) ? argument : new GraphArgument.Subgraph(graph);
            case GraphArgument.List list:
                ImmutableArray<GraphArgument> items = [.. list.Items.Select(item => Nested(item, fresh))];
                return items.Zip(list.Items).All(pair => ReferenceEquals(pair.First, pair.Second)) ? argument : new GraphArgument.List(items);
            default:
                return argument;
        }
    }

    private static GraphArgument Renamed(GraphArgument argument, string from, string to) => argument switch
    {
        GraphArgument.Reference reference when reference.Name == from => new GraphArgument.Reference(to),
        GraphArgument.List list => new GraphArgument.List([.. list.Items.Select(item => Renamed(item, from, to))]),
        _ => argument,
    };

    private static IEnumerable<string> Names(ExportedGraph graph) => graph.Inputs.Select(input => input.Name).Concat(graph.Nodes.SelectMany(node =>
        node.Outputs.Select(output => output.Name).Append(node.Name).Concat(node.Arguments.SelectMany(argument => Names(argument.Value)))));

    private static IEnumerable<string> Names(GraphArgument argument) => argument switch
    {
        GraphArgument.Subgraph nested => Names(nested.Value),
        GraphArgument.List list => list.Items.SelectMany(Names),
        _ => [],
    };
}
