namespace Tandem.Host.Formats;

/// <summary>How a file's bytes come into the process.</summary>
public enum FileAccessMode
{
    /// <summary>Mapped: nothing is copied. The file must not be cut short while it is in use.</summary>
    Map,

    /// <summary>Copied into memory: the file may change or go away at once.</summary>
    Copy,
}
