using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Nets;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>What a call costs beside its arithmetic: a program of one tiny delegate.</summary>
internal static class CallRows
{
    private const string Group = "calls";
    private const string Name = "one linear of 8 by 8 in a delegate";
    private const int Features = 8;
    private const int Calls = 1000;
    private const double MostSeconds = 1e-6;

    public static void Run(TableContext context)
    {
        if (!context.Options.Wants(Group, Name))
        {
            return;
        }

        var input = new float[Features];
        var path = context.Lower(ProgramNet.Build(net => LinearNet.Write(net, 1, Features, 1)), "call.pte");
        foreach (var threads in context.Options.Threads)
        {
            var own = new TandemContender(context.Runtime(threads), path, input, [1, Features]);
            var contenders = new List<Contender> { own };
            try
            {
                if (context.ExecuTorch(threads) is { } server)
                {
                    contenders.Add(new ExecuTorchContender(server, path, input, [1, Features]));
                }

                Agreement.Check(Name, contenders, 1e-5);
                var measurement = Rounds.Run(contenders, context.Options.Rounds, 1, context.Limits, LimitKind.FloatMultiplyAdd, threads, context.Quiet);
                var before = GC.GetAllocatedBytesForCurrentThread();
                own.Time(Calls);
                var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
                var isReached = measurement.Median(own.Name) <= MostSeconds && bytes == 0;
                var row = RowText.Row(Group, Name, threads, measurement, RowText.Times, 0, []);
                context.Table.Print(row with { Goal = $"1 us, 0 bytes ({bytes} found): {(isReached ? "yes" : "NO")}", IsReached = isReached });
            }
            finally
            {
                contenders.ForEach(contender => contender.Dispose());
            }
        }

        File.Delete(path);
    }
}
