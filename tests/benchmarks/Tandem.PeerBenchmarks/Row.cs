using System.Globalization;

namespace Tandem.PeerBenchmarks;

/// <summary>One row of the table: pairs of figures, one a round.</summary>
internal sealed class Row(string name, double? goal, bool isRate)
{
    private readonly List<(double Own, double Peer)> _rounds = [];

    /// <summary>Whether the median ratio reaches the goal, if there is one.</summary>
    public bool IsReached => goal is null || Middle(Ratios) >= goal;

    private IEnumerable<double> Ratios => _rounds.Select(round => isRate ? round.Own / round.Peer : round.Peer / round.Own);

    public void Add(double own, double peer) => _rounds.Add((own, peer));

    public void Print() => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{name,-56} {Range(_rounds.Select(round => round.Own)),22} {Range(_rounds.Select(round => round.Peer)),22} {$"{Middle(Ratios):0.00} [{Ratios.Min():0.00} - {Ratios.Max():0.00}]",24}  {(goal is null ? "none" : $"{goal:0.0} {(IsReached ? "reached" : "NOT REACHED")}")}"));

    private static string Range(IEnumerable<double> values) => string.Create(CultureInfo.InvariantCulture, $"{Middle(values):0.#} [{values.Min():0.#} - {values.Max():0.#}]");

    private static double Middle(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);
}
