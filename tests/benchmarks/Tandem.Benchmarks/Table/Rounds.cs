using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Times contenders in turn, round by round, with the machine's limit measured in each.</summary>
internal static class Rounds
{
    private const int WarmUpCalls = 2;
    private const int GreatestCalls = 5000;

    public static Measurement Run(IReadOnlyList<Contender> contenders, int rounds, double sampleMilliseconds, MachineLimits limits, LimitKind limit, int threads, Quiet quiet)
    {
        var measurement = new Measurement();
        var calls = contenders.Select(contender =>
        {
            contender.Time(WarmUpCalls);
            return (int)Math.Clamp(sampleMilliseconds / 1000 / contender.Time(WarmUpCalls), 1, GreatestCalls);
        }).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            measurement.AddLimit(limits.Measure(limit, threads));
            for (var i = 0; i < contenders.Count; i++)
            {
                // Another one begins in each round: none has always the same neighbour.
                var at = (i + round) % contenders.Count;
                quiet.Wait();
                contenders[at].Time(1);
                measurement.Add(contenders[at].Name, contenders[at].Time(calls[at]));
            }
        }

        return measurement;
    }
}
