using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Nets;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Image nets of the vectors, as ExecuTorch lowered them, on the very same file.</summary>
internal static class VectorRows
{
    private const string Group = "nets of the vectors";
    private const double Tolerance = 0.03;

    private static readonly (string Name, int Size)[] Nets =
        [("mobilenet_like", 48), ("mobilenet_like_static_int8", 48), ("resnet_like", 64), ("resnet_like_static_int8", 64)];

    public static void Run(TableContext context)
    {
        foreach (var (name, size) in Nets)
        {
            if (context.Options.Vectors is not { } vectors || !context.Options.Wants(Group, name))
            {
                continue;
            }

            context.Measure(Group, name, () => Row(context, name, size, Path.Combine(vectors, "models", name, "xnnpack.pte")));
        }
    }

    private static void Row(TableContext context, string name, int size, string path)
    {
        var input = new float[3 * size * size];
        new RandomWeights(98).Fill(input, 1);
        foreach (var threads in context.Options.Threads)
        {
            if (context.ExecuTorch(threads) is not { } server)
            {
                continue;
            }

            using var own = new TandemContender(context.Runtime(threads), path, input, [1, 3, size, size]);
            using var peer = new ExecuTorchContender(server, path, context.PathOf("values"), input, [1, 3, size, size]);
            Agreement.Check(name, [own, peer], Tolerance);
            var measurement = Rounds.Run([own, peer], context.Options.Rounds, context.Options.SampleMilliseconds, context.Limits, LimitKind.FloatMultiplyAdd, threads, context.Quiet);
            context.Table.Print(RowText.Row(Group, name, threads, measurement, RowText.Times, 0, [Goal.Over(ExecuTorchContender.Column, 1.05)]));
        }
    }
}
