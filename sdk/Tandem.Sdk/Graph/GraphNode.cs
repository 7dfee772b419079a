using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>One operator call of a graph. Immutable.</summary>
/// <param name="Name">Unique in its method, nested graphs included.</param>
/// <param name="Operator">Namespace and name, as in "aten::add".</param>
/// <param name="Overload">Overload as in "Tensor"; empty for the default one.</param>
/// <param name="Arguments">Arguments in the order of the operator's schema.</param>
/// <param name="Outputs">Values that the call sets, in order.</param>
public sealed record GraphNode(
    string Name, string Operator, string Overload, ImmutableArray<GraphNamedArgument> Arguments, ImmutableArray<GraphValue> Outputs)
{
    /// <summary>Identity that survives lowering, so that run-time events find the node; -1 if there is none.</summary>
    public int DebugHandle { get; init; } = -1;

    /// <summary>Source file, line and function of the model, innermost last, as the archive carries them; null if it does not.</summary>
    public string? SourceLocation { get; init; }

    /// <summary>Further facts of the exporter ("nn_module_stack"), uninterpreted.</summary>
    public ImmutableDictionary<string, string> Metadata { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>"aten::add.Tensor", or "aten::relu" for the default overload.</summary>
    public string FullName => Overload.Length == 0 ? Operator : $"{Operator}.{Overload}";

    /// <summary>Finds an argument by the parameter's name.</summary>
    /// <param name="name">Name of the parameter.</param>
    /// <returns>The argument; null if it was left at its default.</returns>
    public GraphArgument? Find(string name)
    {
        foreach (var argument in Arguments)
        {
            if (argument.Name == name)
            {
                return argument.Value;
            }
        }

        return null;
    }

    /// <summary>Names of the values that the node reads, in order; a name may come twice.</summary>
    /// <returns>The names.</returns>
    public IEnumerable<string> References() => Arguments.SelectMany(argument => argument.Value.References());

    /// <summary>"add_1 = aten::add.Tensor".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name} = {FullName}";
}
