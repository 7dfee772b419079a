namespace Tandem.Sdk;

/// <summary>The host's log as a plugin sees it.</summary>
public interface IPluginLog
{
    /// <summary>Whether messages of this level go anywhere.</summary>
    /// <param name="level">The level.</param>
    /// <returns>True if somebody listens.</returns>
    bool IsEnabled(LogLevel level);

    /// <summary>Writes a message.</summary>
    /// <param name="level">How important it is.</param>
    /// <param name="message">The message.</param>
    /// <param name="exception">The cause, if there is one.</param>
    void Write(LogLevel level, string message, Exception? exception = null);
}
