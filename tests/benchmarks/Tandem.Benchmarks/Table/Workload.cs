using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Nets;

namespace Tandem.Benchmarks.Table;

/// <summary>A net that all contenders run on the same input.</summary>
internal sealed record Workload
{
    /// <summary>The group of rows, as named on the command line.</summary>
    public required string Group { get; init; }

    /// <summary>The row.</summary>
    public required string Name { get; init; }

    /// <summary>Writes the net.</summary>
    public required Action<NetWriter> Net { get; init; }

    /// <summary>Whether the net is rounded to static int8, over ranges of activations that its own input gives.</summary>
    public bool IsStaticInt8 { get; init; }

    /// <summary>Sizes of the input.</summary>
    public required int[] InputSizes { get; init; }

    /// <summary>Sizes of the output.</summary>
    public required int[] OutputSizes { get; init; }

    /// <summary>What binds it.</summary>
    public required LimitKind Limit { get; init; }

    /// <summary>Operations or bytes of a call.</summary>
    public required double Amount { get; init; }

    /// <summary>Calls that the printed time stands for: layers of a chain.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Greatest distance between two contenders' outputs, as a share of the output's own norm.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>What is to be reached.</summary>
    public IReadOnlyList<Goal> Goals { get; init; } = [];
}
