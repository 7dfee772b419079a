namespace Tandem.Benchmarks.Table;

/// <summary>A row as it is printed.</summary>
/// <param name="Group">The group.</param>
/// <param name="Name">The row.</param>
/// <param name="Threads">Threads of every contender.</param>
/// <param name="Times">What each column says, by its name.</param>
/// <param name="Ratios">How many times as fast Tandem is as each peer, by its name.</param>
/// <param name="Limit">The share of the physical limit.</param>
/// <param name="Goal">What was to be reached, and whether it was.</param>
/// <param name="IsReached">Whether all was reached.</param>
internal sealed record ResultRow(
    string Group, string Name, int Threads, IReadOnlyDictionary<string, string> Times, IReadOnlyDictionary<string, string> Ratios, string Limit, string Goal, bool IsReached);
