namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Where the elements of a value lie.</summary>
internal enum ValueKind
{
    /// <summary>In the session's workspace.</summary>
    Internal,

    /// <summary>In an argument of the delegate call, read only.</summary>
    Input,

    /// <summary>In an argument of the delegate call, written.</summary>
    Output,

    /// <summary>In the payload, in named data or in memory of the graph.</summary>
    Constant,
}
