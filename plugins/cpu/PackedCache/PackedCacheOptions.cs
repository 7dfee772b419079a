namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>Where packed weights are kept between processes. Immutable: read from the options of one load, and of no other.</summary>
/// <param name="Folder">The full path of the folder.</param>
/// <param name="MaxBytes">Most bytes of all files in it.</param>
internal sealed record PackedCacheOptions(string Folder, long MaxBytes)
{
    /// <summary>The bound if none is given.</summary>
    public const long DefaultMaxBytes = 2L << 30;
}
