using Tandem.Plugins.Cpu.Lowering.Operators;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Which results are read by nothing but a quantisation: those can be computed as codes at once.</summary>
/// <remarks>
/// Between the two may lie what gives the same codes before and after quantising: movements of elements, and functions that never change the order of
/// numbers (clamps, maxima).
/// </remarks>
internal sealed class QuantisedResults
{
    private static readonly HashSet<string> s_transparent = new(StringComparer.Ordinal)
    {
        "aten::relu", "aten::relu6", "aten::hardtanh", "aten::clamp", "aten::clamp_min", "aten::clamp_max", "aten::max_pool2d",
        "aten::max_pool2d_with_indices", "aten::view_copy", "aten::reshape", "aten::_unsafe_view", "aten::unsqueeze_copy", "aten::squeeze_copy",
        "aten::flatten", "aten::permute_copy", "aten::transpose_copy", "aten::t_copy", "aten::slice_copy", "aten::select_copy", "aten::clone",
        "aten::alias_copy", "aten::contiguous", "aten::detach_copy", "aten::cat", "dim_order_ops::_clone_dim_order",
        "dim_order_ops::_to_dim_order_copy",
    };

    private readonly Dictionary<string, GraphNode?> _readers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs;

    /// <summary>Looks at nodes that become one payload.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="outputs">Values that something else reads too.</param>
    public QuantisedResults(IEnumerable<GraphNode> nodes, IEnumerable<string> outputs)
    {
        _outputs = outputs.ToHashSet(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            foreach (var name in node.References())
            {
                // Null stands for several readers.
                _readers[name] = _readers.TryGetValue(name, out var known) && known != node ? null : node;
            }
        }
    }

    /// <summary>Where nothing is known.</summary>
    public static QuantisedResults None { get; } = new([], []);

    /// <summary>The parameters with which a value is quantised; null if it is needed as numbers.</summary>
    public PayloadQuantization.PerTensor? Find(string name)
    {
        while (!_outputs.Contains(name) && _readers.GetValueOrDefault(name) is { } reader)
        {
            if (QuantisationOperators.StaticParameters(reader) is { } parameters)
            {
                return parameters;
            }

            if (!s_transparent.Contains(reader.Operator) || reader.Outputs.Length == 0
                || reader.Outputs.Skip(1).Any(output => _outputs.Contains(output.Name) || _readers.ContainsKey(output.Name)))
            {
                return null;
            }

            name = reader.Outputs[0].Name;
        }

        return null;
    }
}
