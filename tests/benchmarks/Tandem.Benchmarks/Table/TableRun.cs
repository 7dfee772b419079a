using System.Runtime.InteropServices;
using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>The whole table.</summary>
internal static class TableRun
{
    /// <returns>0 if every goal was reached, 1 if not, 2 if the command line is wrong.</returns>
    public static int Run(string[] args)
    {
        TableOptions options;
        try
        {
            options = TableOptions.Parse(args);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }

        using var context = new TableContext(options);
        context.Table.Line($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors; "
            + $"{options.Rounds} rounds. A time is minimum / median over rounds; a ratio over 1 is in Tandem's favour, the median of ratios within a round.");
        if (options.ExecuTorch is null)
        {
            context.Table.Line($"{ExecuTorchContender.Column} is not there: its columns are empty.");
        }

        if (options.WithLibtorch)
        {
            try
            {
                context.StartLibtorch();
            }
            catch (InvalidOperationException error)
            {
                context.Table.Line($"{LibtorchContender.Column} has no column: {error.Message}");
            }
        }

        foreach (var workload in Workloads.All.Where(workload => options.Wants(workload.Group, workload.Name)))
        {
            context.Measure(workload.Group, workload.Name, () => WorkloadRunner.Run(context, workload));
        }

        VectorRows.Run(context);
        CallRows.Run(context);
        LlamaRows.Run(context);
        PrintLimits(context);
        context.Table.Line($"{context.Table.WithGoal - context.Table.Missed} of {context.Table.WithGoal} rows with a goal reach it.");
        return context.Table.Missed == 0 ? 0 : 1;
    }

    private static void PrintLimits(TableContext context)
    {
        foreach (var kind in Enum.GetValues<LimitKind>())
        {
            foreach (var threads in context.Options.Threads)
            {
                context.Limits.Measure(kind, threads);
            }
        }

        context.Table.Line("");
        context.Table.Line("### limits of the machine, best of this run");
        context.Table.Line("");
        context.Table.Line("| threads | limit |");
        context.Table.Line("|---|---|");
        foreach (var (kind, threads, rate) in context.Limits.All)
        {
            context.Table.Line(RowText.Text($"| {threads} | {rate:0.0} {RowText.Unit(kind)} |"));
        }

        context.Table.Line("");
    }
}
