namespace Tandem.Sdk;

/// <summary>Which partition of which method. Methods may have unequal numbers of partitions.</summary>
/// <param name="MethodName">The method.</param>
/// <param name="Index">Position among the backend's partitions of this method, from 0.</param>
/// <param name="PairingKey">The key that the partitioner gave, or null.</param>
public sealed record PartitionIdentity(string MethodName, int Index, string? PairingKey = null)
{
    /// <summary>"prefill[0]", with the key where there is one.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => PairingKey is null ? $"{MethodName}[{Index}]" : $"{MethodName}[{Index}] '{PairingKey}'";
}
