using System.Globalization;
using System.Text.RegularExpressions;

namespace Tandem.LoweringBenchmarks;

/// <summary>Time and memory of lowering beside ExecuTorch, one after the other; what Python needs for its imports counts on no side.</summary>
internal static partial class PeerComparison
{
    private const double Goal = 0.05;

    public static int Run(string script, string archive)
    {
        var output = Path.Combine(Path.GetTempPath(), $"tandem-lowering-{Environment.ProcessId}.pte");
        try
        {
            var own = Processes.Own("own-lower", archive, output, "tandem.cpu");
            var peer = Processes.Start(script, "lower.py", archive, output + ".peer", "xnnpack");
            var match = PeerLine().Match(peer);
            if (!match.Success)
            {
                throw new InvalidOperationException($"the peer printed:\n{peer}");
            }

            var peerSeconds = double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) + double.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
            var (ratio, limit) = (own.Seconds / peerSeconds, (2 * new FileInfo(archive).Length) + 100_000_000);
            Console.Write(own.Output);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"read, lower and write: Tandem {own.Seconds:0.00} s, ExecuTorch {peerSeconds:0.00} s, ratio {ratio:0.000} (goal: at most {Goal})"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"peak memory: Tandem {own.Resident / 1e6:0} MB (goal: at most {limit / 1e6:0} MB), ExecuTorch {match.Groups[4].Value} MB with its imports"));
            Console.WriteLine($"program: Tandem {own.ProgramBytes} bytes, ExecuTorch {match.Groups[1].Value} bytes");
            return ratio <= Goal && own.Resident <= limit ? 0 : 1;
        }
        finally
        {
            File.Delete(output);
            File.Delete(output + ".peer");
        }
    }

    [GeneratedRegex(@"(\d+) bytes; read ([\d.]+) s, lower and write ([\d.]+) s, peak (\d+) MB")]
    private static partial Regex PeerLine();
}
