using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>A partition that was cut out of its method.</summary>
/// <param name="Claim">Who claimed it.</param>
/// <param name="Partition">What the backend's preprocessor is given.</param>
/// <param name="CallName">Name of the node that calls it.</param>
internal sealed record CutPartition(PartitionClaim Claim, BackendPartition Partition, string CallName);
