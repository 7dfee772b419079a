namespace Tandem.Sdk;

/// <summary>Where an output of a method's graph goes.</summary>
public enum GraphOutputKind
{
    /// <summary>To the caller.</summary>
    UserOutput,

    /// <summary>Into a buffer, as its value for the next call.</summary>
    BufferMutation,

    /// <summary>Into the memory of a user input.</summary>
    UserInputMutation,
}
