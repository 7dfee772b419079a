using Tandem.Benchmarks.Nets;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Builds a workload once, checks that all contenders compute the same, and times them with each number of threads.</summary>
internal static class WorkloadRunner
{
    public static void Run(TableContext context, Workload workload)
    {
        var input = new float[workload.InputSizes.Aggregate(1, (product, size) => product * size)];
        new RandomWeights(99).Fill(input, 1);
        var path = context.Lower(ProgramNet.Build(workload.Net), "net.pte");
        var onnx = new OnnxNet();
        workload.Net(onnx);
        var model = onnx.Write();
        foreach (var threads in context.Options.Threads)
        {
            var contenders = new List<Contender> { new TandemContender(context.Runtime(threads), path, input, workload.InputSizes) };
            try
            {
                if (context.Options.WantsColumn(OnnxContender.Column))
                {
                    contenders.Add(new OnnxContender(model, threads, OnnxNet.InputName, input, workload.InputSizes, onnx.OutputName, workload.OutputSizes));
                }

                if (context.ExecuTorch(threads) is { } server)
                {
                    contenders.Add(new ExecuTorchContender(server, path, input, workload.InputSizes));
                }

                Agreement.Check($"{workload.Group}, {workload.Name}", contenders, workload.Tolerance);
                var measurement = Rounds.Run(contenders, context.Options.Rounds, context.Options.SampleMilliseconds, context.Limits, workload.Limit, threads, context.Quiet);
                var limitSeconds = workload.Amount / 1e9 / measurement.Limit;
                context.Table.Print(RowText.Row(
                    workload.Group, workload.Name, threads, measurement,
                    (minimum, median) => RowText.Times(minimum / workload.Parts, median / workload.Parts), limitSeconds, workload.Goals));
            }
            finally
            {
                contenders.ForEach(contender => contender.Dispose());
            }
        }

        File.Delete(path);
    }
}
