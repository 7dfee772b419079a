namespace Tandem.Sdk;

/// <summary>What a partitioner is given. Implemented by the host; grows only by virtual members with defaults.</summary>
public abstract class PartitionContext
{
    /// <summary>The method to partition.</summary>
    public abstract ExportedMethod Method { get; }

    /// <summary>Lowering options of this backend for this method.</summary>
    public abstract BackendOptions Options { get; }

    /// <summary>Cancels a long analysis.</summary>
    public virtual CancellationToken CancellationToken => CancellationToken.None;

    /// <summary>Whether some method of the program changes a buffer: its value is no constant, and comes to a partition as an input.</summary>
    /// <param name="qualifiedName">The buffer's name in the model.</param>
    /// <returns>True if it is state.</returns>
    public virtual bool IsState(string qualifiedName) => Method.Signature.IsMutated(qualifiedName);

    /// <summary>Whether an earlier backend has the node; such a node gets no decision.</summary>
    /// <param name="node">A node of the method.</param>
    /// <returns>True if it is taken.</returns>
    public virtual bool IsTaken(GraphNode node) => false;
}
