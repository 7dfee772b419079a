namespace Tandem.Benchmarks.Table;

/// <summary>Seconds of each contender, round by round.</summary>
internal sealed class Measurement
{
    private readonly Dictionary<string, List<double>> _samples = [];

    /// <summary>The best that the machine gave in these rounds, in billions a second. A guest's share of the memory changes by half within minutes.</summary>
    public double Limit { get; private set; }

    public void AddLimit(double rate) => Limit = Math.Max(Limit, rate);

    /// <summary>Contenders that took part.</summary>
    public IEnumerable<string> Columns => _samples.Keys;

    public void Add(string column, double seconds)
    {
        if (!_samples.TryGetValue(column, out var list))
        {
            _samples[column] = list = [];
        }

        list.Add(seconds);
    }

    /// <summary>Whether a contender took part.</summary>
    public bool Has(string column) => _samples.ContainsKey(column);

    public double Minimum(string column) => _samples[column].Min();

    public double Median(string column) => Middle(_samples[column]);

    /// <summary>The median over rounds of how many times as fast one is as the fastest of others in the same round.</summary>
    public double Ratio(string column, params ReadOnlySpan<string> others)
    {
        var ratios = new List<double>();
        for (var round = 0; round < _samples[column].Count; round++)
        {
            var fastest = double.PositiveInfinity;
            foreach (var other in others)
            {
                fastest = Math.Min(fastest, _samples[other][round]);
            }

            ratios.Add(fastest / _samples[column][round]);
        }

        return Middle(ratios);
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
