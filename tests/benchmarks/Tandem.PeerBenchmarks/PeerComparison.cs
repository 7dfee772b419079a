using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Tandem.Host.Replay;
using Tandem.Host.TensorFiles;

namespace Tandem.PeerBenchmarks;

/// <summary>Alternates processes of the peer and of Tandem, and prints the ratio of every row.</summary>
internal static partial class PeerComparison
{
    // Of other families than tales: nothing of it is known when it is loaded.
    private static readonly string[] WarmUpNets = ["transformer_dynamic", "text_classifier"];

    public static int Run(Options options)
    {
        if (options.Text("executorch") is not { } script || options.Text("vectors") is not { } vectors || !File.Exists(script) || !Directory.Exists(vectors))
        {
            Console.Error.WriteLine("peers needs --executorch SCRIPT and --vectors FOLDER that exist; nothing was measured");
            return 2;
        }

        var (rounds, threads) = (options.Number("rounds", 5), options.Number("threads", Environment.ProcessorCount));
        var table = new List<Row>();
        Tales(script, vectors, rounds, threads, table);
        foreach (var net in new[] { "mobilenet_like", "resnet_like" })
        {
            Net(script, vectors, net, rounds, threads, table);
        }

        Console.WriteLine($"{rounds} rounds, {threads} threads; median over rounds [least - greatest]; a ratio over 1 is in Tandem's favour");
        Console.WriteLine($"{"row",-56} {"Tandem",22} {"ExecuTorch",22} {"ratio, round by round",24}  goal");
        foreach (var row in table)
        {
            row.Print();
        }

        return table.TrueForAll(row => row.IsReached) ? 0 : 1;
    }

    private static void Tales(string script, string vectors, int rounds, int threads, List<Row> table)
    {
        var model = Path.Combine(vectors, "tales", "xnnpack_fp32.pte");
        var (decode, prefill, load, cold) = (new Row("tales decode, tokens/s, median", 1.3, true), new Row("tales prefill 128, tokens/s, median", 1.0, true),
            new Row("the same, first load after WarmUp, ms", null, false), new Row("the same, first load of a process with JIT, ms", null, false));
        var (warm, again) = (new Row("tales load to first logits, Tandem's code compiled, ms", 2.0, false), new Row("the same, both again and again, ms", null, false));
        var warmUp = string.Join(',', WarmUpNets.Select(net => Path.Combine(vectors, "models", net, "xnnpack.pte")));
        for (var round = 0; round < rounds; round++)
        {
            var own = Own(threads, "own-llm", model, "--threads", threads.ToString());
            var peer = Peer(script, threads, "generate.py", model);
            decode.Add(Find(own, MedianRate("decode")), Find(peer, MedianRate("decode")));
            prefill.Add(Find(own, MedianRate("prefill")), Find(peer, MedianRate("prefill")));
            load.Add(Find(Own(threads, "own-first", model, warmUp, "--threads", threads.ToString()), FirstLogits()), Find(peer, FirstLogits()));
            var repeated = Find(Own(threads, "own-repeated", model, "--threads", threads.ToString()), RepeatedLoad());
            warm.Add(repeated, Find(peer, FirstLogits()));
            again.Add(repeated, Find(Peer(script, threads, Path.Combine(AppContext.BaseDirectory, "repeated_load.py"), model), RepeatedLoad()));
            cold.Add(Find(own, FirstLogits()), Find(peer, FirstLogits()));
            if (Find(own, Ids()) != Find(peer, Ids()))
            {
                throw new InvalidOperationException("the two wrote different tokens");
            }
        }

        table.AddRange([decode, prefill, warm, again, load, cold]);
    }

    private static void Net(string script, string vectors, string net, int rounds, int threads, List<Row> table)
    {
        var folder = Path.Combine(vectors, "models", net);
        var model = Path.Combine(folder, "xnnpack.pte");
        var inputs = Path.Combine(Path.GetTempPath(), $"tandem-{Environment.ProcessId}-{net}");
        var call = ReplayCase.Read(folder).Calls[0];
        SafetensorsFile.Write(inputs + ".in.safetensors", call.Inputs.Select((input, i) => KeyValuePair.Create($"in.{i}", input.Tensor!)));
        var row = new Row($"{net} forward, us, median", 1.0, false);
        for (var round = 0; round < rounds; round++)
        {
            row.Add(
                Find(Own(threads, "own-call", model, call.Method, folder, "--threads", threads.ToString()), MedianTime()),
                Find(Peer(script, threads, "run.py", "--call", model, call.Method, inputs + ".in.safetensors", inputs + ".out.safetensors", "--repeat", "300"), MedianTime()));
        }

        File.Delete(inputs + ".in.safetensors");
        File.Delete(inputs + ".out.safetensors");
        table.Add(row);
    }

    private static string Own(int threads, params string[] args) => Start(Environment.ProcessPath!, threads, args);

    private static string Peer(string script, int threads, params string[] args) => Start(script, threads, args);

    // Both halves are held to the same processors.
    private static string Start(string program, int threads, string[] args)
    {
        var start = new ProcessStartInfo("taskset", ["-c", threads == 1 ? "0" : $"0-{threads - 1}", program, .. args]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}");
    }

    private static double Find(string output, Regex pattern) => pattern.Match(output) is { Success: true } match
        ? pattern.ToString().StartsWith("ids", StringComparison.Ordinal) ? match.Groups[1].Value.GetHashCode(StringComparison.Ordinal)
            : double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
        : throw new InvalidOperationException($"'{pattern}' is not in:\n{output}");

    private static Regex MedianRate(string what) => new($@"{what} \d+: best \d+ median (\d+)");

    [GeneratedRegex(@"load to first logits ([\d.]+) ms")]
    private static partial Regex FirstLogits();

    [GeneratedRegex(@"repeated load to first logits ([\d.]+) ms")]
    private static partial Regex RepeatedLoad();

    [GeneratedRegex(@"median ([\d.]+) us")]
    private static partial Regex MedianTime();

    [GeneratedRegex(@"ids ([\d,]+)")]
    private static partial Regex Ids();
}
