namespace Tandem.LoweringBenchmarks;

/// <summary>Follows the memory of this process: what it holds for itself, without the files that it maps.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _isDone;

    public MemoryWatch()
    {
        First = Peak = Read("RssAnon");
        _thread = new Thread(() =>
        {
            while (!_isDone)
            {
                Peak = Math.Max(Peak, Read("RssAnon"));
                Thread.Sleep(2);
            }
        })
        { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Bytes at the start.</summary>
    public long First { get; }

    /// <summary>Most bytes at any time.</summary>
    public long Peak { get; private set; }

    /// <summary>Most bytes of the process at any time, mapped files included.</summary>
    public static long ResidentPeak => Read("VmHWM");

    public void Dispose()
    {
        _isDone = true;
        _thread.Join();
        Peak = Math.Max(Peak, Read("RssAnon"));
    }

    // "RssAnon:     12345 kB"
    private static long Read(string field)
    {
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(field, StringComparison.Ordinal) && line[field.Length] == ':')
            {
                return long.Parse(line[(field.Length + 1)..].Replace("kB", "").Trim()) * 1024;
            }
        }

        throw new InvalidOperationException($"/proc/self/status has no {field}");
    }
}
