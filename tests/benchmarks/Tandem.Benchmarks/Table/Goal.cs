namespace Tandem.Benchmarks.Table;

/// <summary>What a row must reach.</summary>
/// <param name="Peers">Columns; with several the fastest of them counts.</param>
/// <param name="Factor">How many times the peer's speed.</param>
/// <param name="LimitShare">The share of the physical limit, instead of peers.</param>
internal sealed record Goal(string[] Peers, double Factor, double LimitShare = 0)
{
    /// <summary>So many times the speed of one peer.</summary>
    public static Goal Over(string peer, double factor) => new([peer], factor);

    /// <summary>So many times the speed of the faster of two peers.</summary>
    public static Goal OverFaster(double factor, params string[] peers) => new(peers, factor);

    /// <summary>A share of the physical limit.</summary>
    public static Goal OfLimit(double share) => new([], 0, share);
}
