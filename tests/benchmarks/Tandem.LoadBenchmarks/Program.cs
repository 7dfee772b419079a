using System.Diagnostics;
using System.Globalization;
using Tandem.Benchmarks.Shared;

// One load in a new process: PROGRAM METHOD TOKENS THREADS IS-WARM PLUGIN-FOLDER CACHE-FOLDER, which may be empty. Prints the seconds from opening the
// file to the first logit of METHOD(tokens [1, TOKENS], pos [TOKENS]).
if (args.Length != 7)
{
    Console.Error.WriteLine("started by Tandem.Benchmarks: PROGRAM METHOD TOKENS THREADS IS-WARM PLUGIN-FOLDER CACHE-FOLDER");
    return 2;
}

var count = int.Parse(args[2], CultureInfo.InvariantCulture);
long[] tokens = [.. Enumerable.Range(0, count).Select(i => (long)i)];
using var runtime = BenchmarkRuntime.Create(int.Parse(args[3], CultureInfo.InvariantCulture), args[6], args[5]);

// The plugin is loaded before the clock starts, as the peer's backends are by its imports.
_ = runtime.Resolver.Resolve("", "XnnpackBackend");
if (bool.Parse(args[4]))
{
    runtime.WarmUp();

    // As in an application that has started: the JIT has nothing left to do.
    Thread.Sleep(300);
}

var clock = Stopwatch.StartNew();
using var program = runtime.LoadProgram(args[0]);
using var session = program.CreateSession();
var method = session.GetMethod(args[1]);
method.SetInput<long>(0, tokens, [1, count]);
method.SetInput<long>(1, tokens, [count]);
method.Execute();
var logit = method.GetOutput(0).AsReadOnlySpan<float>()[0];
Console.WriteLine(float.IsNaN(logit) ? "NaN" : clock.Elapsed.TotalSeconds.ToString(CultureInfo.InvariantCulture));
return 0;
