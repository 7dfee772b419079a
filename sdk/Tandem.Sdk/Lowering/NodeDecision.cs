namespace Tandem.Sdk;

/// <summary>What a partitioner decided about one node.</summary>
public sealed record NodeDecision
{
    private NodeDecision(string nodeName, string? tag, string? reason) => (NodeName, Tag, Reason) = (nodeName, tag, reason);

    /// <summary>The node.</summary>
    public string NodeName { get; }

    /// <summary>Tag of the partition that takes it; null if it is refused.</summary>
    public string? Tag { get; }

    /// <summary>Why it is refused, for a person to read; null if it is taken.</summary>
    public string? Reason { get; }

    /// <summary>Whether the backend takes the node.</summary>
    public bool IsTaken => Tag is not null;

    /// <summary>Takes a node.</summary>
    /// <param name="nodeName">The node.</param>
    /// <param name="tag">Tag of its partition.</param>
    /// <returns>The decision.</returns>
    public static NodeDecision Take(string nodeName, string tag) => new(nodeName, tag, null);

    /// <summary>Refuses a node.</summary>
    /// <param name="nodeName">The node.</param>
    /// <param name="reason">Why, with the fact that decides: "dilation 2 is not supported", not "unsupported".</param>
    /// <returns>The decision.</returns>
    public static NodeDecision Refuse(string nodeName, string reason) => new(nodeName, null, reason);
}
