namespace Tandem.Host.Execution;

/// <summary>The memories of a session.</summary>
internal enum PlacementKind : byte
{
    /// <summary>Not planned: a constant, the caller's memory, or no tensor.</summary>
    None,

    /// <summary>An arena: activations of the running method.</summary>
    Arena,

    /// <summary>The session's state: mutable buffers, one for all methods.</summary>
    State,

    /// <summary>The method's own inputs and outputs, which other methods never overwrite.</summary>
    InputOutput,
}
