using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Whether contenders computed the same.</summary>
internal static class Agreement
{
    /// <summary>Refuses to time contenders whose outputs differ.</summary>
    /// <exception cref="InvalidOperationException">The first one's output is further from another's than the tolerance.</exception>
    public static void Check(string row, IReadOnlyList<Contender> contenders, double tolerance)
    {
        var own = contenders[0].Output();
        foreach (var peer in contenders.Skip(1))
        {
            var distance = Distance(own, peer.Output());
            if (!(distance <= tolerance))
            {
                throw new InvalidOperationException($"{row}: the output of {contenders[0].Name} is {distance:g3} of its norm away from that of {peer.Name}, more than {tolerance}");
            }
        }
    }

    /// <summary>The norm of the difference as a share of the norm of what is expected; NaN if there is one.</summary>
    public static double Distance(ReadOnlySpan<float> found, ReadOnlySpan<float> expected)
    {
        if (found.Length != expected.Length)
        {
            return double.NaN;
        }

        double difference = 0, norm = 0;
        for (var i = 0; i < found.Length; i++)
        {
            difference += Math.Pow((double)found[i] - expected[i], 2);
            norm += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(difference / norm);
    }
}
