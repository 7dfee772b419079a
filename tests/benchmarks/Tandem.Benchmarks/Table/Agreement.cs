namespace Tandem.Benchmarks.Table;

/// <summary>Whether contenders computed the same.</summary>
internal static class Agreement
{
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
