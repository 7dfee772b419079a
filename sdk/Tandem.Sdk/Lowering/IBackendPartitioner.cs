namespace Tandem.Sdk;

/// <summary>Says which nodes of a method a backend takes. Implemented by plugins.</summary>
/// <remarks>
/// <para>Calls: once for each method, before any payload of any method is made. The graph is read, never changed.</para>
/// <para>Constants follow the nodes that read them: one that several partitions read belongs to each of them.</para>
/// <para>Threading: one call at a time. Versioning: members added later have a default implementation.</para>
/// </remarks>
public interface IBackendPartitioner
{
    /// <summary>Decides about every node of a method, nested graphs included.</summary>
    /// <param name="context">The method and what is known about it; valid during the call.</param>
    /// <returns>One decision for each node that no earlier backend took, and the partitions.</returns>
    PartitionResult Partition(PartitionContext context);

    /// <summary>Operators that are to reach <see cref="Partition"/> whole, although passes would decompose them ("aten::linear").</summary>
    /// <param name="method">The method before decomposition.</param>
    /// <returns>Full names; the backend must take every such node, or refuse it with a reason and have it decomposed then.</returns>
    IReadOnlyCollection<string> GetPreservedOperators(ExportedMethod method) => [];
}
