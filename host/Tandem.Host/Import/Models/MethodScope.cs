using System.Text.Json;
using Tandem.Host.Import.Symbols;

namespace Tandem.Host.Import.Models;

/// <summary>What the graphs of one method share: symbols, names that are taken, debug handles, texts that repeat.</summary>
internal sealed class MethodScope(string method, SymbolScope symbols, CancellationToken cancellationToken)
{
    private readonly HashSet<string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private int _lastHandle;

    internal string Method => method;

    internal SymbolScope Symbols => symbols;

    internal CancellationToken CancellationToken => cancellationToken;

    /// <summary>The next debug handle: 1 for the first node of the method.</summary>
    internal int NextHandle() => ++_lastHandle;

    /// <summary>Keeps the names of the outermost graph for it, whatever nested graphs call their values.</summary>
    internal void Reserve(JsonElement graph)
    {
        foreach (var kind in (ReadOnlySpan<string>)["tensor_values", "sym_int_values", "sym_bool_values", "sym_float_values"])
        {
            if (graph.Find(kind) is { } values)
            {
                foreach (var value in values.Members())
                {
                    _values.Add(value.Text());
                }
            }
        }

        foreach (var node in graph.Get("nodes").Items())
        {
            if (node.Find("name") is { } name)
            {
                _nodes.Add(name.Text());
            }
        }
    }

    /// <summary>A name that no value of the method has: the wanted one, or one that says which nested graph it is in.</summary>
    internal string UniqueValue(string wanted, string? graph) => Unique(_values, wanted, graph);

    /// <summary>Likewise for a node.</summary>
    internal string UniqueNode(string wanted, string? graph) => Unique(_nodes, wanted, graph);

    /// <summary>One string for equal ones: stack traces repeat from node to node.</summary>
    internal string Share(string text)
    {
        if (!_texts.TryGetValue(text, out var shared))
        {
            _texts.Add(text, shared = text);
        }

        return shared;
    }

    private static string Unique(HashSet<string> taken, string wanted, string? graph)
    {
        if (graph is null || taken.Add(wanted))
        {
            taken.Add(wanted);
            return wanted;
        }

        var name = $"{graph}.{wanted}";
        for (var i = 2; !taken.Add(name); i++)
        {
            name = $"{graph}.{wanted}.{i}";
        }

        return name;
    }
}
