using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Loads;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Loading a quantised language model to its first logits in a new process, and what a second session costs.</summary>
internal static class LoadRows
{
    public const string Group = "load of the llama 110M 8da4w, to first logits";
    private const string First = "first start";
    private const string FirstWarm = "first start, after WarmUp";
    private const string Cached = "cache on disk";
    private const string CachedWarm = "cache on disk, after WarmUp";
    private const string Session = "a further session";
    private const double GoalShare = 0.3;
    private const double CachedSeconds = 0.02;
    private const long SessionBytes = 40_000;

    // ExecuTorch's imports take seconds in each.
    private const int MostRounds = 7;

    public static bool Wants(TableOptions options) => new[] { First, FirstWarm, Cached, CachedWarm, Session }.Any(row => options.Wants(Group, row));

    public static void Run(TableContext context, string path)
    {
        var threads = context.Options.Threads[^1];
        var cache = context.PathOf("cache");
        LoadProcess.Start(path, threads, true, cache);
        (string Name, bool IsWarm, string? Cache, Measurement Times)[] rows =
            [(First, false, null, new()), (FirstWarm, true, null, new()), (Cached, false, cache, new()), (CachedWarm, true, cache, new())];
        for (var round = 0; round < Math.Min(context.Options.Rounds, MostRounds); round++)
        {
            foreach (var row in rows)
            {
                FreeMemory.Touch();
                row.Times.Add(TandemContender.Column, LoadProcess.Start(path, threads, row.IsWarm, row.Cache));
            }

            if (context.NewExecuTorch(threads) is { } server)
            {
                using (server)
                {
                    FreeMemory.Touch();
                    var seconds = server.AskNumber($"first {path} {LlamaCall.Prompt.Method} {LlamaCall.Prompt.Tokens}");
                    foreach (var row in rows)
                    {
                        row.Times.Add(ExecuTorchContender.Column, seconds);
                    }
                }
            }
        }

        foreach (var (name, isWarm, folder, times) in rows)
        {
            Goal[] goals = isWarm && folder is null ? [Goal.Over(ExecuTorchContender.Column, 1 / GoalShare)] : [];
            var row = RowText.Row(Group, name, threads, times, RowText.Times, 0, goals);
            if (isWarm && folder is not null)
            {
                var isFast = times.Median(TandemContender.Column) <= CachedSeconds;
                row = row with { Goal = $"20 ms: {(isFast ? "yes" : "NO")}", IsReached = isFast };
            }

            context.Table.Print(row);
        }

        var (counted, grown, managed) = SessionMemory.Start(path, threads);
        var isReached = grown <= counted + SessionBytes && managed <= SessionBytes;
        context.Table.Print(new ResultRow(
            Group, Session, threads,
            new Dictionary<string, string>
            {
                [TandemContender.Column] = RowText.Text($"counts {counted / 1e6:0.00} MB of activations and state; the heaps grow by {grown / 1e6:0.00} MB, the managed one by {managed / 1e3:0.0} kB"),
            },
            new Dictionary<string, string>(), "", $"40 kB beside: {(isReached ? "yes" : "NO")}", isReached));
    }
}
