using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Lowers the nodes of a partition into one payload.</summary>
internal static class PartitionLowering
{
    /// <summary>Lowers nodes one after the other.</summary>
    /// <param name="scope">Inputs and constants; gets the results.</param>
    /// <param name="nodes">The nodes, in order.</param>
    /// <param name="outputs">Names of the results of the call.</param>
    /// <param name="isUsed">Whether something reads a value.</param>
    /// <returns>Null, or the node that cannot be lowered here and why.</returns>
    public static (GraphNode Node, string Reason)? Lower(
        LoweringScope scope, IReadOnlyList<GraphNode> nodes, IEnumerable<string> outputs, Func<string, bool> isUsed)
    {
        foreach (var node in nodes)
        {
            if (TryLower(node, scope, isUsed) is { } reason)
            {
                return (node, reason);
            }
        }

        foreach (var output in outputs)
        {
            var node = nodes.First(node => node.Outputs.Any(value => value.Name == output));
            try
            {
                LoweringScope.CheckBoundary(node.Outputs.First(value => value.Name == output));
                scope.Writer.DebugHandle = node.DebugHandle;
                scope.Writer.AddOutput(scope[output]);
            }
            catch (LoweringRefusal refusal)
            {
                return (node, refusal.Message);
            }
        }

        return null;
    }

    /// <summary>Lowers a node.</summary>
    /// <returns>Null, or why a payload cannot express it.</returns>
    public static string? TryLower(GraphNode node, LoweringScope scope, Func<string, bool> isUsed)
    {
        try
        {
            OperatorTable.Lower(node, scope, isUsed);
            return null;
        }
        catch (LoweringRefusal refusal)
        {
            return refusal.Message;
        }
        catch (OverflowException)
        {
            return "a size or attribute is too large for a payload";
        }
    }
}
