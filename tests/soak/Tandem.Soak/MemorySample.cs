namespace Tandem.Soak;

/// <summary>Memory of this process at one time.</summary>
/// <param name="Time">Since the start.</param>
/// <param name="Resident">Resident bytes, mapped files included.</param>
/// <param name="Private">Resident bytes that are no file's.</param>
/// <param name="Managed">Bytes of live managed objects.</param>
/// <param name="Handles">Open files and events.</param>
public readonly record struct MemorySample(TimeSpan Time, long Resident, long Private, long Managed, int Handles)
{
    /// <summary>Measures, with the garbage collected: what is live counts.</summary>
    public static MemorySample Take(TimeSpan time)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var managed = GC.GetTotalMemory(true);
        if (!OperatingSystem.IsLinux())
        {
            return new MemorySample(time, Environment.WorkingSet, Environment.WorkingSet, managed, 0);
        }

        long resident = 0, anonymous = 0;
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            resident = line.StartsWith("VmRSS:", StringComparison.Ordinal) ? Kilobytes(line) : resident;
            anonymous = line.StartsWith("RssAnon:", StringComparison.Ordinal) ? Kilobytes(line) : anonymous;
        }

        return new MemorySample(time, resident, anonymous, managed, Directory.GetFileSystemEntries("/proc/self/fd").Length);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Time:hh\\:mm\\:ss}  resident {Resident / 1e6,7:F1} MB  private {Private / 1e6,7:F1} MB  managed {Managed / 1e6,6:F2} MB  {Handles} files";

    private static long Kilobytes(string line) => long.Parse(line.AsSpan(line.IndexOf(':') + 1, line.Length - line.IndexOf(':') - 4).Trim()) * 1024;
}
