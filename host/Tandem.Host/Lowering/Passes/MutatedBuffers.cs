using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Says which buffers of a program are state: some method writes them, so that no method may take their first values for constants.</summary>
internal static class MutatedBuffers
{
    /// <summary>Finds the buffers that any method writes, or may write.</summary>
    /// <param name="program">The program, in any dialect.</param>
    /// <returns>Qualified names.</returns>
    public static ImmutableHashSet<string> Find(ExportedProgram program)
    {
        var found = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var method in program.Methods)
        {
            found.UnionWith(method.Signature.Outputs.Where(output => output.Kind == GraphOutputKind.BufferMutation).Select(output => output.TargetName!));
            var roots = method.Signature.Inputs.Where(input => input.Kind == GraphInputKind.Buffer).ToDictionary(input => input.ValueName, input => input.QualifiedName!, StringComparer.Ordinal);
            Search(method.Graph, roots, found);
        }

        return found.ToImmutable();
    }

    // A result may be a view of the first operand: that is enough to be careful.
    private static void Search(ExportedGraph graph, Dictionary<string, string> roots, ImmutableHashSet<string>.Builder found)
    {
        foreach (var node in graph.Nodes)
        {
            foreach (var nested in node.Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>())
            {
                Search(nested.Value, roots, found);
            }

            if (node.References().FirstOrDefault() is not { } first || !roots.TryGetValue(first, out var root))
            {
                continue;
            }

            if (node.Operator.EndsWith('_') || node.Operator.StartsWith("aten::__i", StringComparison.Ordinal))
            {
                found.Add(root);
            }

            foreach (var output in node.Outputs)
            {
                roots[output.Name] = root;
            }
        }
    }
}
