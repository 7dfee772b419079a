using System.Globalization;

namespace Tandem.Cli.Inspection;

/// <summary>Byte counts as people read them.</summary>
internal static class Sizes
{
    /// <summary>"3.94 MB", "12.3 kB" or "96 B": decimal units.</summary>
    public static string Format(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.00} MB"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        _ => $"{bytes} B",
    };
}
