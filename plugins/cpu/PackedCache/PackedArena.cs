namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Memory for the packed forms of one graph. Most weights of a language model are smaller than a page of 2 MB: each in memory of its own, none has such
/// pages, and writing them for the first time costs thousands of page faults. Here they lie one behind the other.
/// </summary>
/// <remarks>Threading: one thread, which compiles the graph. The blocks belong to those who take them, and outlive the arena.</remarks>
internal sealed class PackedArena : IDisposable
{
    // As much as a few pages has pages of its own.
    private const long LargeBytes = 2 * HugePages.PageBytes;

    // What is not written is not resident: a bound only on addresses that are set aside.
    private const long GreatestSlab = 64 << 20;

    private PackedSlab? _slab;
    private long _expected;

    /// <summary>Creates an arena.</summary>
    /// <param name="expectedBytes">About how many bytes will be asked for; less than some pages of 2 MB are not worth sharing.</param>
    public PackedArena(long expectedBytes) => _expected = expectedBytes;

    /// <summary>Zeroed memory to pack into.</summary>
    /// <exception cref="OutOfMemoryException">It cannot be had.</exception>
    public PackedBlock Allocate(long byteCount)
    {
        var isLarge = byteCount >= LargeBytes;
        if (!isLarge && _expected >= LargeBytes && _slab?.Fits(byteCount) != true)
        {
            _slab?.Release();
            _slab = null;
            _slab = new PackedSlab(Math.Min(_expected, GreatestSlab));
        }

        _expected -= byteCount;
        return !isLarge && _slab?.Fits(byteCount) == true ? _slab.Take(byteCount) : PackedBlock.Allocate(byteCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slab?.Release();
        _slab = null;
    }
}
