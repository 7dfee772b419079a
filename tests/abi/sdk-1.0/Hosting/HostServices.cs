namespace Tandem.Sdk;

/// <summary>What the host offers to a plugin. Implemented by the host; members are added without breaking plugins.</summary>
/// <remarks>Threading: all members may be called from any thread.</remarks>
public abstract class HostServices
{
    /// <summary>Writes to the host's log; the message is built only if somebody listens.</summary>
    public abstract IPluginLog Log { get; }

    /// <summary>The host's compute threads, shared by everything in the process.</summary>
    public abstract ComputePool Pool { get; }

    /// <summary>Cache for derived data that is shared by all programs of the host.</summary>
    public abstract DerivedDataCache ProcessCache { get; }

    /// <summary>The plugin's folder, from which it may read its own files.</summary>
    public abstract string PluginFolder { get; }
}
