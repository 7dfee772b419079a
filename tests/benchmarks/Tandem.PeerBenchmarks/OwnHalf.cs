using System.Diagnostics;
using System.Globalization;
using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Replay;

namespace Tandem.PeerBenchmarks;

/// <summary>Tandem's half of a comparison, in a process of its own, printing what the peer's half prints.</summary>
internal static class OwnHalf
{
    private const int Prefill = 128;
    private const int New = 100;

    // The just-in-time compiler improves hot methods in the background until then.
    private const double WarmUpSeconds = 2;
    private static readonly long[] Prompt = [0, 262, 265, 258, 295];

    public static void Llm(string model, Options options)
    {
        using var runtime = CreateRuntime(options);
        Console.WriteLine(Text($"load to first logits {LoadToFirstLogits(runtime, model):0.0} ms"));
        using var program = runtime.LoadProgram(model);
        using var session = program.CreateSession();
        var (prefill, decode) = (session.GetMethod("prefill"), session.GetMethod("decode"));
        var positions = Enumerable.Range(0, Prefill).Select(i => (long)i).ToArray();
        var tokens = new long[Prefill];
        Call(prefill, tokens, positions);
        decode.SetInput<long>(0, [0], [1, 1]);
        decode.SetInput<long>(1, [Prefill], [1]);
        WarmUp(prefill);
        WarmUp(decode);
        var (prefillRates, decodeRates, ids) = (new List<double>(), new List<double>(), new List<long>());
        for (var round = 0; round < 8; round++)
        {
            var start = Stopwatch.GetTimestamp();
            Call(prefill, tokens, positions);
            prefillRates.Add(Prefill / Stopwatch.GetElapsedTime(start).TotalSeconds);
            Call(prefill, Prompt, positions.AsSpan(0, Prompt.Length));
            var output = prefill.GetOutput(0);
            ids = [.. Prompt];
            start = Stopwatch.GetTimestamp();
            for (var i = 0; i < New; i++)
            {
                ids.Add(Greatest(output.AsReadOnlySpan<float>()));
                decode.SetInput<long>(0, [ids[^1]], [1, 1]);
                decode.SetInput<long>(1, [ids.Count - 1], [1]);
                decode.Execute();
                output = decode.GetOutput(0);
            }

            decodeRates.Add(New / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        Console.WriteLine(Text($"prefill {Prefill}: best {prefillRates.Max():0} median {Median(prefillRates):0} tokens/s"));
        Console.WriteLine(Text($"decode {New}: best {decodeRates.Max():0} median {Median(decodeRates):0} tokens/s"));
        Console.WriteLine($"ids {string.Join(',', ids)}");
    }

    public static void Call(string model, string method, string caseFolder, Options options)
    {
        using var runtime = CreateRuntime(options);
        using var program = runtime.LoadProgram(model);
        using var session = program.CreateSession();
        var loaded = session.GetMethod(method);
        var call = ReplayCase.Read(caseFolder).Calls.First(item => item.Method == method);
        // The very code that is measured: whatever is new to the JIT afterwards is compiled on a core that the compute threads want.
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds;)
        {
            Time();
        }

        var times = new List<double>();
        for (var i = 0; i < options.Number("repeat", 300); i++)
        {
            times.Add(Time());
        }

        Console.WriteLine(Text($"fastest {times.Min():0.0} us, median {Median(times):0.0} us"));

        // Inputs are written in each call, as the peer does.
        double Time()
        {
            var start = Stopwatch.GetTimestamp();
            MethodInputs.Set(loaded, call.Inputs);
            loaded.Execute();
            return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
    }

    private static void WarmUp(Method method)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds;)
        {
            method.Execute();
        }
    }

    private static TandemRuntime CreateRuntime(Options options)
    {
        var runtime = new TandemRuntime(new TandemOptions
        {
            Threads = options.Number("threads", Environment.ProcessorCount),
            KeepPluginsLoaded = true,
            PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")],
        });

        // The plugin is loaded before the clock starts, as the peer's backends are by its imports.
        _ = runtime.Resolver.Resolve("", "XnnpackBackend");
        return runtime;
    }

    /// <summary>The first load of a model in a process whose runtime has warmed up, as an application does at its start and the peer by its imports.</summary>
    public static void First(string model, string[] warmUpPrograms, Options options)
    {
        var start = Stopwatch.GetTimestamp();
        using var runtime = CreateRuntime(options);
        runtime.WarmUp(warmUpPrograms);
        Console.WriteLine(Text($"runtime and warm-up {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms"));
        Console.WriteLine(Text($"load to first logits {LoadToFirstLogits(runtime, model):0.00} ms"));
    }

    /// <summary>Loads again and again in one process, as repeated_load.py does in the peer's; the JIT has its time in between.</summary>
    public static void Repeated(string model, Options options)
    {
        using var runtime = CreateRuntime(options);
        for (var i = 0; i < 59; i++)
        {
            LoadToFirstLogits(runtime, model);
        }

        Thread.Sleep(500);
        Console.WriteLine(Text($"repeated load to first logits {Median([.. Enumerable.Range(0, 21).Select(_ => LoadToFirstLogits(runtime, model))]):0.00} ms"));
    }

    /// <summary>Where the time of loading goes, load by load.</summary>
    public static void Load(string model, Options options)
    {
        using var runtime = CreateRuntime(options);
        for (var i = 0; i < options.Number("repeat", 10); i++)
        {
            var (start, last) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
            using var program = runtime.LoadProgram(model);
            var verify = Step(ref last);
            using var session = program.CreateSession();
            var create = Step(ref last);
            var prefill = session.GetMethod("prefill");
            var method = Step(ref last);
            Call(prefill, Prompt, [0, 1, 2, 3, 4]);
            Console.WriteLine(Text($"map and verify {verify:0.00}, session {create:0.00}, method {method:0.00}, first call {Step(ref last):0.00}, together {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0.00} ms"));
        }

        static double Step(ref long last)
        {
            var now = Stopwatch.GetTimestamp();
            var elapsed = Stopwatch.GetElapsedTime(last, now).TotalMilliseconds;
            last = now;
            return elapsed;
        }
    }

    private static double LoadToFirstLogits(TandemRuntime runtime, string model)
    {
        var start = Stopwatch.GetTimestamp();
        using var program = runtime.LoadProgram(model);
        using var session = program.CreateSession();
        var prefill = session.GetMethod("prefill");
        Call(prefill, Prompt, [0, 1, 2, 3, 4]);
        return prefill.GetOutput(0).AsReadOnlySpan<float>()[0] is var logit && float.IsNaN(logit) ? double.NaN : Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void Call(Method method, ReadOnlySpan<long> tokens, ReadOnlySpan<long> positions)
    {
        method.SetInput(0, tokens, [1, tokens.Length]);
        method.SetInput(1, positions, [positions.Length]);
        method.Execute();
    }

    private static int Greatest(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
