using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>The rungs that this machine runs, as test data.</summary>
internal static class TestData
{
    /// <summary>Values of the option "isa".</summary>
    public static IEnumerable<string> Names { get; } =
        Enum.GetValues<InstructionSet>().Where(CpuFeatures.IsSupported).Select(i => i.ToString().ToLowerInvariant());

    /// <summary>Reproducible numbers in [-range, range].</summary>
    public static float[] Numbers(int count, int seed = 1, float range = 2)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * range)];
    }
}
