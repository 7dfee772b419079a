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
        var net = workload.Net;
        if (workload.IsStaticInt8)
        {
            var ranges = Ranges(context, workload, input);
            net = writer => workload.Net(new StaticInt8Net(writer, ranges));
        }

        var path = context.Lower(ProgramNet.Build(net), "net.pte");
        var onnx = new OnnxNet();
        net(onnx);
        var model = onnx.Write();
        var torch = context.PathOf("net.torch");
        var hasTorch = context.HasLibtorch && TorchNet.TryWrite(net, torch);
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

                if (hasTorch)
                {
                    contenders.Add(new LibtorchContender(context.Libtorch(threads), torch, input, workload.InputSizes));
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
        File.Delete(torch);
        File.Delete(TorchNet.WeightsOf(torch));
    }

    // The float net is run once with every activation as an output.
    private static Int8Range[] Ranges(TableContext context, Workload workload, float[] input)
    {
        var path = context.Lower(ProgramNet.Build(writer => workload.Net(new StaticInt8Net(writer))), "ranges.pte");
        using var program = context.Runtime(context.Options.Threads[0]).LoadProgram(path);
        using var session = program.CreateSession();
        var method = session.GetMethod(ProgramNet.MethodName);
        method.SetInput<float>(0, input, workload.InputSizes);
        method.Execute();
        return [.. Enumerable.Range(0, method.Info.Outputs.Count).Select(i => Int8Range.Of(method.GetOutput(i).AsReadOnlySpan<float>()))];
    }
}
