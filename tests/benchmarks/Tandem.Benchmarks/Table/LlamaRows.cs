using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>The rows over language models: tokens a second on the very same file.</summary>
internal static class LlamaRows
{
    private const string Float = "llama 110M f32";
    private const string Decode = "decode";
    private const string Prefill = "prefill 128";
    private const double Tolerance = 1e-3;

    public static void Run(TableContext context)
    {
        var shape = LlamaShape.Of110M;
        if (context.Options.Wants(Float, Decode) || context.Options.Wants(Float, Prefill))
        {
            var path = context.Lower(LlamaProgram.Build(shape), "llama.pte");
            Run(context, Float, path, shape, shape.LinearElements * sizeof(float), LimitKind.FloatMultiplyAdd, 1.3);
            File.Delete(path);
        }
    }

    private static void Run(TableContext context, string group, string path, LlamaShape shape, long weightBytes, LimitKind arithmetic, double factor)
    {
        var goals = new[] { Goal.Over(ExecuTorchContender.Column, factor) };
        var operations = 2.0 * LlamaCall.Prefill.Tokens * (shape.LinearElements - ((long)shape.Vocabulary * shape.Width));
        Row(context, group, Prefill, path, LlamaCall.Prefill, arithmetic, operations, goals);
        Row(context, group, Decode, path, LlamaCall.Decode, LimitKind.MemoryRead, weightBytes + shape.CacheBytes, goals);
    }

    private static void Row(TableContext context, string group, string name, string path, LlamaCall call, LimitKind limit, double amount, Goal[] goals)
    {
        if (!context.Options.Wants(group, name))
        {
            return;
        }

        foreach (var threads in context.Options.Threads)
        {
            var contenders = new List<Contender> { new TandemLlama(context.Runtime(threads), path, call) };
            try
            {
                if (context.ExecuTorch(threads) is { } server)
                {
                    contenders.Add(new ExecuTorchLlama(server, path, context.PathOf("logits"), call));
                    Agreement.Check($"{group}, {name}", contenders, Tolerance);
                }

                var measurement = Rounds.Run(contenders, context.Options.Rounds, context.Options.SampleMilliseconds, context.Limits, limit, threads, context.Quiet);
                context.Table.Print(RowText.Row(
                    group, name, threads, measurement, (minimum, median) => RowText.Rates(minimum, median, call.Tokens), amount / 1e9 / context.Limits.Best(limit, threads), goals));
            }
            finally
            {
                contenders.ForEach(contender => contender.Dispose());
            }
        }
    }
}
