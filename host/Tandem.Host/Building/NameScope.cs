using System.Globalization;

namespace Tandem.Host.Building;

/// <summary>Names and debug handles of one method, its branches included.</summary>
internal sealed class NameScope
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _next = new(StringComparer.Ordinal);
    private int _handle;

    /// <summary>The name, or the name with a number behind it where it is taken.</summary>
    public string Unique(string name)
    {
        name = string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        if (_names.Add(name))
        {
            return name;
        }

        var number = _next.GetValueOrDefault(name);
        string numbered;
        do
        {
            numbered = string.Create(CultureInfo.InvariantCulture, $"{name}_{++number}");
        }
        while (!_names.Add(numbered));
        _next[name] = number;
        return numbered;
    }

    /// <summary>Whether a name is free, which it then no longer is.</summary>
    public bool Take(string name) => _names.Add(name);

    public int NextHandle() => ++_handle;
}
