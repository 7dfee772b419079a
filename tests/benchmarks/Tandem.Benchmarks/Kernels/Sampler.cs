using System.Diagnostics;
using Tandem.Benchmarks.Limits;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Kernels;

/// <summary>Times an action in samples of about 300 microseconds, each beside a measurement of the FMA peak.</summary>
internal static class Sampler
{
    /// <summary>Minimum and median seconds of one call, and the best peak seen meanwhile.</summary>
    public static (double Min, double Median, double Peak) Run(Action action, InstructionSet instructionSet, int rounds)
    {
        action();
        var once = Stopwatch.GetTimestamp();
        action();
        var ticks = Math.Max(1, Stopwatch.GetTimestamp() - once);
        var repeats = (int)Math.Clamp(Stopwatch.Frequency * 300e-6 / ticks, 1, 100000);
        var samples = new List<double>();
        double peak = 0;
        for (var i = 0; i < rounds * 8; i++)
        {
            peak = Math.Max(peak, FmaPeak.Measure(instructionSet));
            var start = Stopwatch.GetTimestamp();
            for (var r = 0; r < repeats; r++)
            {
                action();
            }

            samples.Add((Stopwatch.GetTimestamp() - start) / (double)Stopwatch.Frequency / repeats);
        }

        samples.Sort();
        return (samples[0], samples[samples.Count / 2], peak);
    }
}
