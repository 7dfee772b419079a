namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Memory for the packed forms of one program. Most weights of a language model are smaller than a page of 2 MB: each in memory of its own, none has such
/// pages, and writing them for the first time costs thousands of page faults. Here they lie one behind the other.
/// </summary>
/// <remarks>Threading: any thread. The blocks belong to those who take them, and outlive the arena.</remarks>
internal sealed class PackedArena : IDisposable
{
    // As much as a few pages has pages of its own.
    private const long LargeBytes = 2 * HugePages.PageBytes;

    // The last page of a program is resident whole, however little of it is used: not worth it for fewer bytes.
    private const long LeastBytes = 12 << 20;

    private const long SlabBytes = 16 << 20;

    private readonly Lock _gate = new();
    private PackedSlab? _slab;
    private long _allocated;
    private long _expected;

    ~PackedArena() => _slab?.Release();

    /// <summary>A graph will be packed whose constants have so many bytes.</summary>
    public void Expect(long byteCount)
    {
        lock (_gate)
        {
            _expected = _allocated + byteCount;
        }
    }

    /// <summary>Zeroed memory to pack into.</summary>
    /// <exception cref="OutOfMemoryException">It cannot be had.</exception>
    public PackedBlock Allocate(long byteCount)
    {
        lock (_gate)
        {
            _allocated += byteCount;
            if (byteCount < LargeBytes && Math.Max(_allocated, _expected) >= LeastBytes)
            {
                if (_slab?.Fits(byteCount) != true)
                {
                    _slab?.Release();
                    _slab = null;
                    _slab = new PackedSlab(SlabBytes);
                }

                return _slab.Take(byteCount);
            }
        }

        return PackedBlock.Allocate(byteCount);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _slab?.Release();
            _slab = null;
        }

        GC.SuppressFinalize(this);
    }
}
