using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Cuts the partitions of a method out and puts delegate calls in their place.</summary>
internal sealed class PartitionCutter
{
    private readonly MethodPartitioning _partitioning;
    private readonly IReadOnlySet<string> _state;
    private readonly Dictionary<string, PartitionClaim> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphValue> _values;
    private readonly HashSet<string> _nodeNames;
    private readonly Dictionary<LoweringBackend, int> _counts = [];
    private readonly List<CutPartition> _partitions = [];

    private PartitionCutter(MethodPartitioning partitioning, IReadOnlySet<string> state)
    {
        (_partitioning, _state) = (partitioning, state);
        _values = NestedGraphs.AllValues(Method.Graph);
        _nodeNames = NestedGraphs.AllNodes(Method.Graph).Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var claim in partitioning.Claims)
        {
            foreach (var name in claim.Nodes)
            {
                _taken.Add(name, claim);
            }
        }
    }

    private ExportedMethod Method => _partitioning.Method;

    /// <summary>Cuts all partitions of a method out.</summary>
    /// <param name="partitioning">The method and its partitions, checked.</param>
    /// <param name="state">Qualified names of buffers that some method of the program changes: their values are no constants.</param>
    /// <returns>The method with calls; unchanged if there are no partitions.</returns>
    internal static CutMethod Run(MethodPartitioning partitioning, IReadOnlySet<string> state)
    {
        if (partitioning.Claims.IsEmpty)
        {
            return new CutMethod(partitioning.Method, []);
        }

        var cutter = new PartitionCutter(partitioning, state);
        var sources = partitioning.Method.Signature.Inputs.Where(input => input.Kind != GraphInputKind.UserInput)
            .ToDictionary(input => input.ValueName, StringComparer.Ordinal);
        var graph = cutter.Cut(partitioning.Method.Graph, sources, isTop: true);
        return new CutMethod(UnreadInputs.Drop(cutter.WithoutOwnedBuffers(graph)), [.. cutter._partitions]);
    }

    private ExportedGraph Cut(ExportedGraph graph, Dictionary<string, GraphInputSpec> sources, bool isTop)
    {
        var nodes = ImmutableArray.CreateBuilder<GraphNode>();
        foreach (var step in new ContractedGraph(graph, _taken).Order(out _))
        {
            nodes.Add(step.Claim is null ? step.Nodes[0] : CutOut(step.Claim, step.Nodes, graph, sources, isTop));
        }

        // Nested graphs come after the whole of the graph that holds them.
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            nodes[i] = NestedGraphs.Replace(node, nested => Cut(nested, SourcesOf(node, nested, sources), isTop: false));
        }

        return graph with { Nodes = nodes.ToImmutable() };
    }

    // What comes into a nested graph unchanged is there what it is outside: a parameter stays one.
    private static Dictionary<string, GraphInputSpec> SourcesOf(GraphNode node, ExportedGraph nested, Dictionary<string, GraphInputSpec> sources)
    {
        var inner = new Dictionary<string, GraphInputSpec>(StringComparer.Ordinal);
        if (NestedGraphs.InvariantArgument(node) is >= 0 and var at && node.Arguments[at].Value is GraphArgument.List operands)
        {
            var first = nested.Inputs.Length - operands.Items.Length;
            for (var i = Math.Max(0, -first); i < operands.Items.Length; i++)
            {
                if (operands.Items[i] is GraphArgument.Reference reference && sources.TryGetValue(reference.Name, out var source))
                {
                    inner[nested.Inputs[first + i].Name] = source;
                }
            }
        }

        return inner;
    }

    private GraphNode CutOut(PartitionClaim claim, List<GraphNode> nodes, ExportedGraph graph, Dictionary<string, GraphInputSpec> sources, bool isTop)
    {
        var constants = new List<GraphInputSpec>();
        var inputs = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var produced = nodes.SelectMany(node => node.Outputs).Select(value => value.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in nodes.SelectMany(node => node.References()))
        {
            if (produced.Contains(name) || !seen.Add(name))
            {
                continue;
            }

            if (sources.GetValueOrDefault(name) is { } source && BelongsToPartition(source, claim, isTop))
            {
                constants.Add(source with { ValueName = name });
            }
            else
            {
                inputs.Add(name);
            }
        }

        constants = [.. constants.OrderBy(source => source.Kind)];
        var mutations = isTop ? MutationsOf(claim).ToList() : [];
        var outputs = OutputsOf(nodes, graph, claim, isTop);
        var index = _partitions.Count;
        var position = _counts[claim.Backend] = _counts.GetValueOrDefault(claim.Backend, -1) + 1;
        var program = new ExportedMethod(Method.Name,
            new ExportedGraph(
                [.. constants.Select(source => _values[source.ValueName]), .. inputs.Select(name => _values[name])],
                [.. nodes],
                [.. mutations.Select(mutation => (GraphArgument)new GraphArgument.Reference(mutation.Value)), .. outputs.Select(name => (GraphArgument)new GraphArgument.Reference(name))]),
            new GraphSignature(
                [.. constants, .. inputs.Select(name => new GraphInputSpec(GraphInputKind.UserInput, name))],
                [.. mutations.Select(mutation => new GraphOutputSpec(GraphOutputKind.BufferMutation, mutation.Buffer)), .. outputs.Select(_ => new GraphOutputSpec(GraphOutputKind.UserOutput))]));
        var call = new GraphNode(NewName(index), LoweredMethod.DelegateCall, "",
            [
                new GraphNamedArgument("delegate", new GraphArgument.Int(index)),
                new GraphNamedArgument("args", new GraphArgument.List([.. inputs.Select(name => (GraphArgument)new GraphArgument.Reference(name))])),
            ],
            [.. outputs.Select(name => _values[name])]);
        _partitions.Add(new CutPartition(claim,
            new BackendPartition(new PartitionIdentity(Method.Name, position, claim.Spec.PairingKey), program, claim.Spec.CompileSpecs), call.Name));
        return call;
    }

    // State that the host keeps is given to the delegate at every call, like an input.
    private bool BelongsToPartition(GraphInputSpec source, PartitionClaim claim, bool isTop) => source.Kind == GraphInputKind.Buffer
        ? isTop && claim.Spec.OwnedBuffers.Contains(source.QualifiedName!) || (source.Tensor is not null && !_state.Contains(source.QualifiedName!))
        : source.Tensor is not null;

    private IEnumerable<(string Value, string Buffer)> MutationsOf(PartitionClaim claim)
    {
        for (var i = 0; i < Method.Graph.Outputs.Length; i++)
        {
            var spec = Method.Signature.Outputs[i];
            if (spec.Kind == GraphOutputKind.BufferMutation && claim.Spec.OwnedBuffers.Contains(spec.TargetName!) && Method.Graph.Outputs[i] is GraphArgument.Reference next)
            {
                yield return (next.Name, spec.TargetName!);
            }
        }
    }

    private List<string> OutputsOf(List<GraphNode> nodes, ExportedGraph graph, PartitionClaim claim, bool isTop)
    {
        var read = graph.Nodes.Where(node => _taken.GetValueOrDefault(node.Name) != claim).SelectMany(node => node.References()).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var isOwned = isTop && Method.Signature.Outputs[i] is { Kind: GraphOutputKind.BufferMutation } spec && claim.Spec.OwnedBuffers.Contains(spec.TargetName!);
            if (!isOwned)
            {
                read.UnionWith(graph.Outputs[i].References());
            }
        }

        return [.. nodes.SelectMany(node => node.Outputs).Select(value => value.Name).Where(read.Contains)];
    }

    private ExportedMethod WithoutOwnedBuffers(ExportedGraph graph)
    {
        var owned = _partitioning.Claims.SelectMany(claim => claim.Spec.OwnedBuffers).ToHashSet(StringComparer.Ordinal);
        if (owned.Count == 0)
        {
            return Method with { Graph = graph };
        }

        var inputs = Enumerable.Range(0, graph.Inputs.Length)
            .Where(i => Method.Signature.Inputs[i].Kind != GraphInputKind.Buffer || !owned.Contains(Method.Signature.Inputs[i].QualifiedName!)).ToList();
        var outputs = Enumerable.Range(0, graph.Outputs.Length)
            .Where(i => Method.Signature.Outputs[i].Kind != GraphOutputKind.BufferMutation || !owned.Contains(Method.Signature.Outputs[i].TargetName!)).ToList();
        return Method with
        {
            Graph = new ExportedGraph([.. inputs.Select(i => graph.Inputs[i])], graph.Nodes, [.. outputs.Select(i => graph.Outputs[i])]),
            Signature = new GraphSignature([.. inputs.Select(i => Method.Signature.Inputs[i])], [.. outputs.Select(i => Method.Signature.Outputs[i])]),
        };
    }

    private string NewName(int index)
    {
        var name = $"executorch_call_delegate_{index}";
        while (!_nodeNames.Add(name))
        {
            name += "_";
        }

        return name;
    }
}
