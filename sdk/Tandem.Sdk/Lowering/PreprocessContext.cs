using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>What a preprocessor is given. Implemented by the host; grows only by virtual members with defaults.</summary>
public abstract class PreprocessContext
{
    /// <summary>The backend id, as it will stand in the program.</summary>
    public abstract string BackendId { get; }

    /// <summary>Every method that has partitions for this backend, with all of them.</summary>
    public abstract IReadOnlyList<PartitionedMethod> Methods { get; }

    /// <summary>Where shared data goes; one store for all backends of the program. The host owns and writes it.</summary>
    public abstract NamedDataStore NamedData { get; }

    /// <summary>Lowering options of this backend.</summary>
    public abstract BackendOptions Options { get; }

    /// <summary>Cancels a long compilation.</summary>
    public virtual CancellationToken CancellationToken => CancellationToken.None;

    /// <summary>Says what is being done, for a person who waits.</summary>
    /// <param name="step">What is being done.</param>
    /// <param name="fraction">How much of the whole is done, 0 to 1.</param>
    public virtual void ReportProgress(string step, double fraction)
    {
    }

    /// <summary>Groups the partitions of all methods. Methods may have unequal counts; a group then has fewer members.</summary>
    /// <param name="pairing">What belongs together.</param>
    /// <returns>Groups in the order of their first member; each has at most one partition of a method, except under an equal key.</returns>
    public ImmutableArray<ImmutableArray<BackendPartition>> Group(PartitionPairing pairing)
    {
        var alone = 0;
        return [.. Methods.SelectMany(method => method.Partitions).GroupBy<BackendPartition, object>(partition => pairing switch
        {
            PartitionPairing.Position => partition.Identity.Index,
            PartitionPairing.Key when partition.Identity.PairingKey is { } key => key,
            _ => --alone,
        }).Select(group => group.ToImmutableArray())];
    }
}
