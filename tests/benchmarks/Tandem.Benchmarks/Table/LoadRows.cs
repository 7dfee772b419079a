using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Loads;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Loading a quantised language model to its first logits in a new process, and what a second session costs.</summary>
internal static class LoadRows
{
    public const string Group = "load of the llama 110M 8da4w, to first logits";
    private const string First = "first start";
    private const string Warm = "first start, after WarmUp";
    private const string Cached = "cache on disk, after WarmUp";
    private const string Session = "a further session";
    private const double CachedSeconds = 0.02;
    private const long SessionBytes = 40_000;

    // ExecuTorch's imports take seconds in each.
    private const int MostRounds = 7;

    public static bool Wants(TableOptions options) => new[] { First, Warm, Cached, Session }.Any(row => options.Wants(Group, row));

    public static void Run(TableContext context, string path)
    {
        var threads = context.Options.Threads[^1];
        var cache = context.PathOf("cache");
        LoadProcess.Start(path, threads, false, cache);
        var (first, warm, cached) = (new Measurement(), new Measurement(), new Measurement());
        for (var round = 0; round < Math.Min(context.Options.Rounds, MostRounds); round++)
        {
            first.Add(TandemContender.Column, LoadProcess.Start(path, threads, false, null));
            warm.Add(TandemContender.Column, LoadProcess.Start(path, threads, true, null));
            cached.Add(TandemContender.Column, LoadProcess.Start(path, threads, true, cache));
            if (context.NewExecuTorch(threads) is { } server)
            {
                using (server)
                {
                    var seconds = server.AskNumber($"first {path} {LlamaCall.Prompt.Method} {LlamaCall.Prompt.Tokens}");
                    foreach (var measurement in new[] { first, warm, cached })
                    {
                        measurement.Add(ExecuTorchContender.Column, seconds);
                    }
                }
            }
        }

        var goal = Goal.Over(ExecuTorchContender.Column, 1 / 0.3);
        context.Table.Print(RowText.Row(Group, First, threads, first, RowText.Times, 0, [goal]));
        context.Table.Print(RowText.Row(Group, Warm, threads, warm, RowText.Times, 0, [goal]));
        var row = RowText.Row(Group, Cached, threads, cached, RowText.Times, 0, []);
        var isReached = cached.Median(TandemContender.Column) <= CachedSeconds;
        context.Table.Print(row with { Goal = $"20 ms: {(isReached ? "yes" : "NO")}", IsReached = isReached });
        var (counted, grown, managed) = SessionMemory.Start(path, threads);
        isReached = grown <= counted + SessionBytes && managed <= SessionBytes;
        context.Table.Print(new ResultRow(
            Group, Session, threads,
            new Dictionary<string, string>
            {
                [TandemContender.Column] = RowText.Text($"counts {counted / 1e6:0.00} MB of activations and state; the process grows by {grown / 1e6:0.00} MB, the managed heap by {managed / 1e3:0.0} kB"),
            },
            new Dictionary<string, string>(), "", $"40 kB beside: {(isReached ? "yes" : "NO")}", isReached));
    }
}
