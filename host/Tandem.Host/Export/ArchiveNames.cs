using System.Globalization;

namespace Tandem.Host.Export;

/// <summary>
/// Names of one graph as an archive holds them: identifiers that are unique in the graph. Names inside nested graphs, which are unique in the method, lose what says
/// which graph they are in.
/// </summary>
internal sealed class ArchiveNames(string? graph)
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>Gives a value or node its name in the archive.</summary>
    internal string Define(string name)
    {
        if (_names.TryGetValue(name, out var known))
        {
            return known;
        }

        var wanted = graph is not null && name.StartsWith(graph, StringComparison.Ordinal) && name.Length > graph.Length + 1 && name[graph.Length] == '.'
            ? name[(graph.Length + 1)..] : name;
        wanted = string.Concat(wanted.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        wanted = wanted.Length == 0 || char.IsAsciiDigit(wanted[0]) ? $"_{wanted}" : wanted;
        var unique = wanted;
        for (var i = 1; !_taken.Add(unique); i++)
        {
            unique = string.Create(CultureInfo.InvariantCulture, $"{wanted}_{i}");
        }

        _names.Add(name, unique);
        return unique;
    }

    /// <summary>The name of something that was defined; null if it was not.</summary>
    internal string? Find(string name) => _names.GetValueOrDefault(name);
}
