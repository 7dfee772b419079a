namespace Tandem.Sdk;

/// <summary>How important a log message is.</summary>
public enum LogLevel
{
    /// <summary>For somebody who traces a fault.</summary>
    Debug,

    /// <summary>A fact worth keeping.</summary>
    Information,

    /// <summary>Something works, but not as its user may expect.</summary>
    Warning,

    /// <summary>Something failed.</summary>
    Error,
}
