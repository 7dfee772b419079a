using System.Globalization;

namespace Tandem.LoweringBenchmarks;

/// <summary>An archive that memory need not hold: the peak beyond the mapping is the largest weight and 64 MB.</summary>
internal static class LargeComparison
{
    public static int Run(long megabytes)
    {
        var archive = Path.Combine(Path.GetTempPath(), $"tandem-large-{Environment.ProcessId}.pt2");
        try
        {
            LargeArchive.Write(archive, megabytes);
            var isWithin = true;
            foreach (var backend in new[] { "", "tandem.cpu" })
            {
                var own = Processes.Own("own-lower", archive, archive + ".pte", backend);
                var (used, limit) = (own.Anonymous - own.AnonymousAtStart, LargeArchive.WeightBytes + (64L << 20));
                isWithin &= used <= limit;
                Console.Write(own.Output);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{(backend.Length == 0 ? "no backend" : backend)}: {new FileInfo(archive).Length / 1e6:0} MB lowered in {own.Seconds:0.0} s to {own.ProgramBytes / 1e6:0} MB, "
                    + $"memory beyond the mapping {used / 1e6:0} MB (goal: at most {limit / 1e6:0} MB)"));
            }

            return isWithin ? 0 : 1;
        }
        finally
        {
            File.Delete(archive);
            File.Delete(archive + ".pte");
        }
    }
}
