using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Tandem.Cli.Inspection;
using Tandem.Cli.Tokenization;
using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Generation;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem demo</c>: the sample model writes a tale, and the command says where time and memory went.</summary>
internal static class DemoCommand
{
    private const int SessionCount = 8;

    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var folder = new Option<string>("--model")
        {
            Description = "Folder of the sample model.",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "samples", "models", "tales"),
        };
        var prompt = new Option<string>("--prompt") { Description = "How the tale begins.", DefaultValueFactory = _ => "Once upon a time there was a fox named" };
        var common = new CommonOptions();
        var command = new Command("demo", """
            Lowers the archive of the sample language model with the CPU plugin, loads the program, writes a tale through it, opens seven more sessions,
            and prints what sharing saved, which plugin ran what and why, and where time and memory went.

            Example:
              tandem demo
            """) { folder, prompt };
        common.AddTo(command, withData: false);
        command.SetAction((parsed, cancellation) =>
        {
            var temporary = Directory.CreateTempSubdirectory("tandem-demo-").FullName;
            try
            {
                Run(terminal, common, parsed, parsed.GetValue(folder)!, Path.Combine(temporary, "tales.pte"), parsed.GetValue(prompt)!, cancellation);
                return Task.FromResult(ExitCode.Success);
            }
            finally
            {
                Directory.Delete(temporary, recursive: true);
            }
        });
        return command;
    }

    private static void Run(Terminal terminal, CommonOptions common, ParseResult parsed, string folder, string model, string prompt, CancellationToken cancellation)
    {
        var output = terminal.Output;
        var clock = Stopwatch.StartNew();
        using var runtime = common.CreateRuntime(parsed);
        var runtimeTime = clock.Elapsed;
        clock.Restart();
        var lowering = new ProgramLowering(runtime, new LoweringOptions { Backends = { Order = ["tandem.cpu"] } })
            .LowerFile(Path.Combine(folder, "tales.pt2"), model, null, cancellation);
        var loweringTime = clock.Elapsed;
        var tokenizer = TokenizerFile.Read(Path.Combine(folder, "tokenizer.json"));
        clock.Restart();
        using var program = runtime.LoadProgram(model);
        var loadTime = clock.Elapsed;
        clock.Restart();
        using var session = program.CreateSession();
        var generator = new TokenGenerator(session);
        var methodsTime = clock.Elapsed;

        terminal.RawOutput.WriteLine();
        GenerateCommand.Stream(terminal.RawOutput, tokenizer, prompt, generator.Generate(tokenizer.Encode(prompt), new SamplingOptions(), 120, tokenizer.EndId, cancellation));
        terminal.RawOutput.WriteLine();

        var first = generator.Statistics;
        _ = generator.Generate(tokenizer.Encode(prompt), new SamplingOptions(), 120, tokenizer.EndId, cancellation).Count();
        var warm = generator.Statistics;
        TextReport.Print(output, LoweringTables.Methods(lowering.Record));
        TextReport.Print(output, LoweringTables.Sizes(lowering));
        PrintChoices(output, runtime, program);
        TextReport.Print(output, new ReportTable("Time", ["step", "ms", ""],
        [
            Row("find plugins, start threads", runtimeTime, ""),
            Row("lower the archive", loweringTime, "import, passes, partitions of both methods, payloads, memory plan, file"),
            Row("map and verify the program", loadTime, ""),
            Row("load both methods: pack weights, resolve operators", methodsTime, ""),
            Row("first prompt", first.PromptTime, $"{first.PromptTokens} tokens, just-in-time compilation included"),
            Row("first tale", first.DecodeTime, $"{first.NewTokensPerSecond:0} tokens/s"),
            Row("the same tale again", warm.DecodeTime, $"{warm.NewTokensPerSecond:0} tokens/s"),
        ]));
        PrintMemory(output, runtime, program, session, cancellation);
    }

    private static void PrintChoices(IAnsiConsole output, TandemRuntime runtime, Program program)
    {
        var rows = program.Model.Plans.SelectMany(plan => plan.Delegates.GroupBy(item => item.BackendId).Select(group =>
        {
            var choice = runtime.Resolver.Resolve(plan.Name, group.Key);
            return (IReadOnlyList<string>)[plan.Name, $"{group.Count()} delegates for {group.Key}", $"{choice.PluginId} {choice.PluginVersion}", choice.Reason];
        }).Append([plan.Name, $"{plan.Chains.Sum(chain => chain.Length) - plan.Delegates.Length} other instructions", "host", "no backend took them"]));
        TextReport.Print(output, new ReportTable("Who ran what", ["method", "what", "by", "why"], [.. rows]));
    }

    private static void PrintMemory(IAnsiConsole output, TandemRuntime runtime, Program program, Session session, CancellationToken cancellation)
    {
        var loads = program.NamedDataUses.Sum(use => use.PhysicalLoads);
        var packed = runtime.DerivedData.ByteCount + program.DerivedData.ByteCount;
        var more = Enumerable.Range(1, SessionCount - 1).Select(_ => program.CreateSession()).ToList();
        try
        {
            foreach (var other in more)
            {
                // Each of them runs, so that nothing is left to load later.
                _ = new TokenGenerator(other).Generate([0, 1, 2], new SamplingOptions(), 2, null, cancellation).Count();
            }

            var uses = program.NamedDataUses;
            var allLoads = uses.Sum(use => use.PhysicalLoads);
            var packedNow = runtime.DerivedData.ByteCount + program.DerivedData.ByteCount;
            TextReport.Print(output, new ReportTable("Memory", ["what", "bytes", ""],
            [
                ["program file", Sizes.Format(program.Model.SourceLength), "mapped: the operating system's file cache, shared by processes"],
                ["packed weights", Sizes.Format(packedNow), $"derived once for both methods and {SessionCount} sessions; {Sizes.Format(packedNow - packed)} more after the first"],
                ["a session", Sizes.Format(session.MemoryBytes), $"activations, inputs, outputs; {Sizes.Format(session.StateBytes)} of it key/value cache, one for both methods"],
                ["resident", Sizes.Format(Environment.WorkingSet), $"whole process with {SessionCount} sessions"],
            ]));
            output.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"{uses.Count} blobs of named data, {allLoads} physical loads (at most {uses.Select(use => use.PhysicalLoads).DefaultIfEmpty().Max()} for a blob) over {program.MethodNames.Count} methods and {SessionCount} sessions: {allLoads - loads} after the first session; {uses.Sum(use => use.Requests)} requests");
        }
        finally
        {
            more.ForEach(other => other.Dispose());
        }
    }

    private static IReadOnlyList<string> Row(string step, TimeSpan time, string note) => [step, time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture), note];
}
