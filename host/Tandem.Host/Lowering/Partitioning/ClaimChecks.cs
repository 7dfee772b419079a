using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Refuses partitions that cannot become one delegate call.</summary>
internal static class ClaimChecks
{
    /// <summary>Checks the partitions that a backend has just claimed together with all that are there.</summary>
    /// <param name="method">The method.</param>
    /// <param name="claims">The new partitions.</param>
    /// <param name="taken">The partition of each node, new ones included.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.BackendResultInvalid"/>.</exception>
    internal static void Check(ExportedMethod method, IReadOnlyList<PartitionClaim> claims, IReadOnlyDictionary<string, PartitionClaim> taken)
    {
        CheckPlaces(method, method.Graph, null, taken, []);
        CheckOrder(method, method.Graph, claims, taken);
        foreach (var claim in claims)
        {
            CheckBuffers(method, claim);
        }
    }

    // One partition is one call, so its nodes are in one graph; a control-flow node brings all of its nested graphs along.
    private static void CheckPlaces(
        ExportedMethod method, ExportedGraph graph, PartitionClaim? around, IReadOnlyDictionary<string, PartitionClaim> taken, Dictionary<PartitionClaim, ExportedGraph> places)
    {
        foreach (var node in graph.Nodes)
        {
            var claim = taken.GetValueOrDefault(node.Name);
            if (around is not null && claim != around)
            {
                throw around.Invalid("a partition has a control-flow node and not all nodes of its nested graphs", method.Name, node.Name);
            }

            if (claim is not null && around is null && !ReferenceEquals(places.GetValueOrDefault(claim, graph), graph))
            {
                throw claim.Invalid("a partition has nodes of several nested graphs", method.Name, node.Name);
            }

            if (claim is not null && around is null)
            {
                places[claim] = graph;
            }

            foreach (var nested in NestedGraphs.Of(node))
            {
                CheckPlaces(method, nested, claim, taken, places);
            }
        }
    }

    private static void CheckOrder(ExportedMethod method, ExportedGraph graph, IReadOnlyList<PartitionClaim> claims, IReadOnlyDictionary<string, PartitionClaim> taken)
    {
        new ContractedGraph(graph, taken).Order(out var cycle);
        if (!cycle.IsEmpty)
        {
            var guilty = cycle.FirstOrDefault(step => step.Claim is not null && claims.Contains(step.Claim)) ?? cycle.First(step => step.Claim is not null);
            throw guilty.Claim!.Invalid("a partition needs a result that needs the partition", method.Name,
                string.Join(" -> ", cycle.Append(cycle[0]).Select(step => step.ToString())));
        }

        foreach (var node in graph.Nodes.Where(node => !taken.ContainsKey(node.Name)))
        {
            foreach (var nested in NestedGraphs.Of(node))
            {
                CheckOrder(method, nested, claims, taken);
            }
        }
    }

    private static void CheckBuffers(ExportedMethod method, PartitionClaim claim)
    {
        foreach (var buffer in claim.Spec.OwnedBuffers)
        {
            var input = method.Signature.Inputs.FirstOrDefault(input => input.Kind == GraphInputKind.Buffer && input.QualifiedName == buffer);
            if (input is null || !method.Signature.IsMutated(buffer))
            {
                throw claim.Invalid("a partition owns a buffer that the method does not change", method.Name, buffer);
            }

            foreach (var node in method.Graph.Nodes)
            {
                if (!claim.Nodes.Contains(node.Name) && node.References().Contains(input.ValueName))
                {
                    throw claim.Invalid("a partition owns a buffer that a node outside reads", method.Name, $"{buffer}, read by {node.Name}");
                }
            }

            for (var i = 0; i < method.Signature.Outputs.Length; i++)
            {
                var isMutation = method.Signature.Outputs[i].Kind == GraphOutputKind.BufferMutation && method.Signature.Outputs[i].TargetName == buffer;
                var name = (method.Graph.Outputs[i] as GraphArgument.Reference)?.Name;
                if (isMutation && !method.Graph.Nodes.Any(node => claim.Nodes.Contains(node.Name) && node.Outputs.Any(output => output.Name == name)))
                {
                    throw claim.Invalid("a partition owns a buffer and does not compute its next value", method.Name, buffer);
                }

                if (!isMutation && name == input.ValueName)
                {
                    throw claim.Invalid("a partition owns a buffer that the method returns", method.Name, buffer);
                }
            }
        }
    }
}
