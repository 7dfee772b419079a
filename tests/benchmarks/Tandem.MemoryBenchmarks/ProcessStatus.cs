namespace Tandem.MemoryBenchmarks;

/// <summary>What the system says of this process.</summary>
internal static class ProcessStatus
{
    /// <summary>A figure of /proc/self/status in bytes: VmRSS, VmHWM, RssAnon.</summary>
    public static long Read(string field)
    {
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(field + ":", StringComparison.Ordinal))
            {
                return long.Parse(line[(field.Length + 1)..].Replace("kB", "").Trim()) * 1024;
            }
        }

        throw new InvalidOperationException($"/proc/self/status has no {field}");
    }

    /// <summary>Begins anew to follow the most resident memory.</summary>
    public static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");
}
