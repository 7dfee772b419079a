using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Nets;
using Tandem.Benchmarks.Peers;
using Tandem.Host.Quantization;

namespace Tandem.Benchmarks.Table;

/// <summary>The rows over language models: tokens a second on the very same file.</summary>
internal static class LlamaRows
{
    private const string Float = "llama 110M f32";
    private const string Quantized = "llama 110M 8da4w";
    private const string Decode = "decode";
    private const string Prefill = "prefill 128";

    public static void Run(TableContext context)
    {
        var shape = LlamaShape.Of110M;
        if (Wants(context, Float))
        {
            var path = context.Lower(LlamaProgram.Build(shape), "llama.pte");
            Rows(context, Float, path, shape, shape.LinearElements * sizeof(float), LimitKind.FloatMultiplyAdd, 1e-3, 1.3);
            File.Delete(path);
        }

        if (Wants(context, Quantized) || LoadRows.Wants(context.Options))
        {
            var path = context.Lower(ProgramQuantizer.Quantize(LlamaProgram.Build(shape), new QuantizationOptions { GroupSize = Int4Weights.BlockSize }).Program, "llama.pte");
            Rows(context, Quantized, path, shape, (long)(shape.LinearElements * Int4Weights.BytesOfWeight), LimitKind.Int8MultiplyAdd, 0.05, 1.8);
            if (LoadRows.Wants(context.Options))
            {
                context.Measure(LoadRows.Group, "all", () => LoadRows.Run(context, path));
            }

            File.Delete(path);
        }

        Tales(context, "tales 8da4w", "xnnpack_8da4w.pte", 2);
    }

    private static bool Wants(TableContext context, string group) => context.Options.Wants(group, Decode) || context.Options.Wants(group, Prefill);

    private static void Rows(TableContext context, string group, string path, LlamaShape shape, long weightBytes, LimitKind arithmetic, double tolerance, double factor)
    {
        var goals = new[] { Goal.Over(ExecuTorchContender.Column, factor) };
        var operations = 2.0 * LlamaCall.Prefill.Tokens * (shape.LinearElements - ((long)shape.Vocabulary * shape.Width));
        Row(context, group, Prefill, path, LlamaCall.Prefill, arithmetic, operations, tolerance, goals);
        Row(context, group, Decode, path, LlamaCall.Decode, LimitKind.MemoryRead, weightBytes + shape.CacheBytes, tolerance, goals);
    }

    // As ExecuTorch wrote it; its caches hold all weights, so no limit of the machine stands beside it.
    private static void Tales(TableContext context, string group, string file, double factor)
    {
        if (context.Options.Vectors is { } vectors && File.Exists(Path.Combine(vectors, "tales", file)))
        {
            var path = Path.Combine(vectors, "tales", file);
            Row(context, group, Prefill, path, LlamaCall.Prefill, LimitKind.Int8MultiplyAdd, 0, 0.05, []);
            Row(context, group, Decode, path, LlamaCall.Decode, LimitKind.MemoryRead, 0, 0.05, [Goal.Over(ExecuTorchContender.Column, factor)]);
        }
    }

    private static void Row(TableContext context, string group, string name, string path, LlamaCall call, LimitKind limit, double amount, double tolerance, Goal[] goals)
    {
        if (!context.Options.Wants(group, name))
        {
            return;
        }

        context.Measure(group, name, () => Row(context, group, name, path, call, limit, amount, tolerance, goals, context.Options.Threads));
    }

    private static void Row(
        TableContext context, string group, string name, string path, LlamaCall call, LimitKind limit, double amount, double tolerance, Goal[] goals, int[] threadCounts)
    {
        foreach (var threads in threadCounts)
        {
            var contenders = new List<Contender> { new TandemLlama(context.Runtime(threads), path, call) };
            try
            {
                if (context.ExecuTorch(threads) is { } server)
                {
                    contenders.Add(new ExecuTorchLlama(server, path, context.PathOf("logits"), call));
                    Agreement.Check($"{group}, {name}", contenders, tolerance);
                }

                var measurement = Rounds.Run(contenders, context.Options.Rounds, context.Options.SampleMilliseconds, context.Limits, limit, threads, context.Quiet);
                context.Table.Print(RowText.Row(
                    group, name, threads, measurement, (minimum, median) => RowText.Rates(minimum, median, call.Tokens), amount / 1e9 / measurement.Limit, goals));
            }
            finally
            {
                contenders.ForEach(contender => contender.Dispose());
            }
        }
    }
}
