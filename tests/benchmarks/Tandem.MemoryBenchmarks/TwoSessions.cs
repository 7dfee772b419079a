using System.Diagnostics;
using Tandem.Benchmarks.Shared;
using Tandem.Host;
using Tandem.Host.Generation;

namespace Tandem.MemoryBenchmarks;

/// <summary>What two sessions that decode at once cost each other.</summary>
internal static class TwoSessions
{
    private const int Rounds = 6;
    private static readonly int[] Prompt = [0, 5, 7, 9];
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(0.5);

    /// <summary>Prints tokens a second of one session alone and of each of two, in turn, with 1 and 2 compute threads.</summary>
    public static void Measure(string model)
    {
        foreach (var threads in (int[])[1, 2])
        {
            using var runtime = BenchmarkRuntime.Create(threads);
            var (alone, both) = (new List<double>(), new List<double>());
            var least = double.MaxValue;
            for (var round = 0; round < Rounds; round++)
            {
                alone.Add(Decode(runtime, model, 1)[0]);
                var rates = Decode(runtime, model, 2);
                both.Add(rates.Sum());
                least = Math.Min(least, rates.Min() / rates.Max());
            }

            var (one, two) = (Median(alone), Median(both));
            Console.WriteLine($"{threads} threads: alone {one:F0} tokens/s, two at once {two:F0} together ({two / one:F2}x), slower of the two at least {least:P0} of the faster");
        }
    }

    private static double[] Decode(TandemRuntime runtime, string model, int sessions)
    {
        using var program = runtime.LoadProgram(model);
        var rates = new double[sessions];
        using var ready = new Barrier(sessions);
        var threads = Enumerable.Range(0, sessions).Select(index => new Thread(() =>
        {
            using var session = program.CreateSession();
            var generator = new TokenGenerator(session);
            foreach (var _ in generator.Generate(Prompt, new SamplingOptions(), 8, null))
            {
            }

            ready.SignalAndWait();
            var start = Stopwatch.GetTimestamp();
            var count = 0;
            while (Stopwatch.GetElapsedTime(start) < Slice)
            {
                foreach (var _ in generator.Generate(Prompt, new SamplingOptions(), 40, null))
                {
                    count++;
                }
            }

            rates[index] = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return rates;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
