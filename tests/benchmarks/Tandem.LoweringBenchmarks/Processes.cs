using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tandem.LoweringBenchmarks;

/// <summary>Runs halves of comparisons in processes of their own.</summary>
internal static partial class Processes
{
    public static Half Own(params string[] args)
    {
        var output = Start(Environment.ProcessPath!, args);
        var match = OwnLine().Match(output);
        return match.Success ? new Half(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(match.Groups[2].Value),
                long.Parse(match.Groups[3].Value), long.Parse(match.Groups[4].Value), long.Parse(match.Groups[5].Value), output)
            : throw new InvalidOperationException($"the half printed:\n{output}");
    }

    public static string Start(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}");
    }

    [GeneratedRegex(@"lowered in ([\d.]+) s, anonymous (\d+) bytes from (\d+), resident (\d+) bytes, program (\d+) bytes")]
    private static partial Regex OwnLine();

    /// <summary>What a half of ours printed.</summary>
    internal sealed record Half(double Seconds, long Anonymous, long AnonymousAtStart, long Resident, long ProgramBytes, string Output);
}
