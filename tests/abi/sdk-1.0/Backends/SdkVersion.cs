namespace Tandem.Sdk;

/// <summary>The version of these contracts. A manifest's range is judged against it before any plugin code runs.</summary>
/// <remarks>The major number changes when a compiled plugin would break, the minor when something is added.</remarks>
public static class SdkVersion
{
    /// <summary>The version of this assembly's contracts.</summary>
    public static Version Current { get; } = new(1, 0, 0);
}
