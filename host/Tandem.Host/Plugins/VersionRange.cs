using System.Diagnostics.CodeAnalysis;

namespace Tandem.Host.Plugins;

/// <summary>Versions from a least one to a greatest one, written as NuGet does: "[1.0,2.0)", "[1.2,)", "1.0" for 1.0 and up.</summary>
/// <param name="Least">The least version; null for none.</param>
/// <param name="IncludesLeast">Whether the least version is in the range.</param>
/// <param name="Greatest">The greatest version; null for none.</param>
/// <param name="IncludesGreatest">Whether the greatest version is in the range.</param>
public sealed record VersionRange(Version? Least, bool IncludesLeast, Version? Greatest, bool IncludesGreatest)
{
    /// <summary>Reads a range.</summary>
    /// <param name="text">The text.</param>
    /// <param name="range">The range.</param>
    /// <returns>Whether the text is a range.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out VersionRange? range)
    {
        range = null;
        text = text.Trim();
        if (Version.TryParse(text, out var single))
        {
            range = new VersionRange(single, true, null, false);
            return true;
        }

        if (text.Length < 3 || text[0] is not ('[' or '(') || text[^1] is not (']' or ')'))
        {
            return false;
        }

        var parts = text[1..^1].Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length is < 1 or > 2)
        {
            return false;
        }

        Version? least = null, greatest = null;
        if ((parts[0].Length > 0 && !Version.TryParse(parts[0], out least)) || (parts.Length == 2 && parts[1].Length > 0 && !Version.TryParse(parts[1], out greatest)))
        {
            return false;
        }

        // "(1.0)", "[]" and "[2.0,1.0]" hold no version.
        var isExact = parts.Length == 1;
        if (isExact && (least is null || text[0] != '[' || text[^1] != ']'))
        {
            return false;
        }

        range = new VersionRange(least, text[0] == '[', isExact ? least : greatest, text[^1] == ']');
        return range.Least is null || range.Greatest is null || Full(range.Least) <= Full(range.Greatest);
    }

    /// <summary>Whether a version is in the range. Missing parts count as 0.</summary>
    /// <param name="version">The version.</param>
    /// <returns>True if it is.</returns>
    public bool Contains(Version version)
    {
        var value = Full(version);
        var afterLeast = Least is null || value > Full(Least) || (IncludesLeast && value == Full(Least));
        var beforeGreatest = Greatest is null || value < Full(Greatest) || (IncludesGreatest && value == Full(Greatest));
        return afterLeast && beforeGreatest;
    }

    /// <summary>"[1.0,2.0)".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{(IncludesLeast ? '[' : '(')}{Least},{Greatest}{(IncludesGreatest ? ']' : ')')}";

    private static Version Full(Version version) => new(version.Major, version.Minor, Math.Max(version.Build, 0), Math.Max(version.Revision, 0));
}
