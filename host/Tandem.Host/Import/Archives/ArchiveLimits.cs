namespace Tandem.Host.Import.Archives;

/// <summary>How much an archive may make of itself: each limit is far above what torch.export writes and stops what only an attack holds.</summary>
internal static class ArchiveLimits
{
    /// <summary>Most members.</summary>
    internal const int Members = 1 << 20;

    /// <summary>Most bytes of one JSON member.</summary>
    internal const long JsonBytes = 256L << 20;

    /// <summary>Deepest nesting of JSON: nested graphs of control flow take 9 levels each.</summary>
    internal const int JsonDepth = 256;

    /// <summary>Most bytes of one deflated member, which is inflated into one buffer.</summary>
    internal const long InflatedMemberBytes = 0x7fff_ffc7;

    /// <summary>Most bytes that all deflated members may become: this much for each byte of the archive, and the allowance.</summary>
    internal const long InflatedRatio = 64;

    /// <summary>What small archives may inflate to in any case.</summary>
    internal const long InflatedAllowance = 256L << 20;
}
