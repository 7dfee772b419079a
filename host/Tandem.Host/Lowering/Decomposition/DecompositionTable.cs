using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>What operators become, by full name: data plus small functions. Filled once, then only read.</summary>
internal sealed class DecompositionTable
{
    private readonly Dictionary<string, Rule> _rules = new(StringComparer.Ordinal);

    /// <summary>Writes a call as calls of other operators.</summary>
    /// <param name="editor">Where the calls are written.</param>
    /// <param name="call">The call.</param>
    /// <returns>A value for each result; null to leave the call as it is.</returns>
    public delegate IReadOnlyList<GraphValue>? Rule(GraphEditor editor, OperatorCall call);

    /// <summary>The operators that have a rule.</summary>
    public IEnumerable<string> Names => _rules.Keys;

    /// <summary>Adds the rule of an operator with one result.</summary>
    public void Add(string name, Func<GraphEditor, OperatorCall, GraphValue?> rule) =>
        _rules.Add(name, (editor, call) => rule(editor, call) is { } value ? [value] : null);

    /// <summary>Adds one rule for several operators.</summary>
    public void Add(ReadOnlySpan<string> names, Func<GraphEditor, OperatorCall, GraphValue?> rule)
    {
        foreach (var name in names)
        {
            Add(name, rule);
        }
    }

    /// <summary>Adds the rule of an operator with several results.</summary>
    public void AddMany(string name, Rule rule) => _rules.Add(name, rule);

    /// <summary>An operator that is another one under a second name, with the same parameters.</summary>
    public void Alias(string name, string other) => AddMany(name, (editor, call) =>
    {
        var dot = other.IndexOf('.');
        return editor.Redispatch(call.Node with { Operator = dot < 0 ? other : other[..dot], Overload = dot < 0 ? "" : other[(dot + 1)..] });
    });

    /// <summary>The rule for a node, unless a backend wants it whole.</summary>
    public Rule? Find(GraphNode node, PassContext context)
    {
        var name = node.FullName;
        return _rules.TryGetValue(name, out var rule) && !context.Keeps(node) ? rule : null;
    }
}
