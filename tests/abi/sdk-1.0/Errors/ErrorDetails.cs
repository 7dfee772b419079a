namespace Tandem.Sdk;

/// <summary>The facts of an error that a person or a tool acts on. Every field may be absent.</summary>
public readonly record struct ErrorDetails
{
    /// <summary>The file, or the name of the stream or plugin, in which the error lies.</summary>
    public string? File { get; init; }

    /// <summary>Where in the file: an offset ("byte 1040"), a key, a path of fields ("execution_plan[0].values[3]").</summary>
    public string? Location { get; init; }

    /// <summary>What would have been right.</summary>
    public string? Expected { get; init; }

    /// <summary>What was there.</summary>
    public string? Found { get; init; }

    /// <summary>What the reader of the message can do next.</summary>
    public string? NextStep { get; init; }
}
