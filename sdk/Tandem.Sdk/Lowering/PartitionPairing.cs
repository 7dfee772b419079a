namespace Tandem.Sdk;

/// <summary>Which partitions of different methods belong together.</summary>
public enum PartitionPairing
{
    /// <summary>None: each stands alone.</summary>
    None,

    /// <summary>Those of equal <see cref="PartitionIdentity.Index"/>.</summary>
    Position,

    /// <summary>Those of equal <see cref="PartitionIdentity.PairingKey"/>; one without a key stands alone.</summary>
    Key,
}
