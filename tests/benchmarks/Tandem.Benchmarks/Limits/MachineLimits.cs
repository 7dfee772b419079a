using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Limits;

/// <summary>The best that was seen of each limit in this run, by number of threads. Neighbours take from it, so it is measured again in every round.</summary>
internal sealed class MachineLimits : IDisposable
{
    private const int Repeats = 3;
    private readonly MemoryBandwidth _memory = new();
    private readonly Dictionary<(LimitKind Kind, int Threads), double> _best = [];

    /// <summary>Measures a limit again.</summary>
    /// <returns>What it is now.</returns>
    public double Measure(LimitKind kind, int threads)
    {
        double now = 0;
        for (var i = 0; i < Repeats; i++)
        {
            var rate = kind switch
            {
                LimitKind.FloatMultiplyAdd => Together.Sum(threads, _ => FmaPeak.Measure(CpuFeatures.Best)),
                LimitKind.Int8MultiplyAdd => Together.Sum(threads, _ => Int8Peak.Measure()),
                _ => _memory.Measure(threads),
            };
            now = Math.Max(now, rate);
        }

        _best[(kind, threads)] = Math.Max(now, _best.GetValueOrDefault((kind, threads)));
        return now;
    }

    /// <summary>Billions a second: operations or bytes.</summary>
    public double Best(LimitKind kind, int threads) => _best.GetValueOrDefault((kind, threads));

    /// <summary>Kinds and threads that were measured, in order.</summary>
    public IEnumerable<(LimitKind Kind, int Threads, double Rate)> All =>
        _best.Select(pair => (pair.Key.Kind, pair.Key.Threads, pair.Value)).OrderBy(item => (item.Kind, item.Threads));

    public void Dispose() => _memory.Dispose();
}
