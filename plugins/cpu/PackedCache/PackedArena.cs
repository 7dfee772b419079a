namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Memory for the packed forms of one program. Most weights of a language model are smaller than a page of 2 MB: each in memory of its own, none has such
/// pages, and writing them for the first time costs thousands of page faults. Here they lie one behind the other.
/// </summary>
/// <remarks>Threading: any thread. The blocks belong to those who take them, and outlive the arena.</remarks>
internal sealed class PackedArena : IDisposable
{
    // The last page of a program is resident whole, however little of it is used: not worth it for fewer bytes.
    private const long LeastBytes = 12 << 20;

    // Of addresses: memory is what is written. More than a slab has one of its own.
    private const long SlabBytes = 64 << 20;

    private readonly Lock _gate = new();
    private PackedSlab? _slab;
    private long _allocated;
    private long _expected;

    /// <summary>Creates an arena that has no memory yet.</summary>
    /// <param name="expected">Bytes that the program's graphs will ask for, as far as is known; 0 for what only <see cref="Expect"/> tells.</param>
    public PackedArena(long expected = 0) => _expected = expected;

    ~PackedArena() => _slab?.Release();

    /// <summary>So many bytes will be asked for from here on, as far as is known.</summary>
    public void Expect(long byteCount)
    {
        lock (_gate)
        {
            _expected = Math.Max(_expected, _allocated + byteCount);
        }
    }

    /// <summary>Zeroed memory to pack into.</summary>
    /// <exception cref="OutOfMemoryException">It cannot be had.</exception>
    public PackedBlock Allocate(long byteCount)
    {
        lock (_gate)
        {
            _expected = Math.Max(_expected, _allocated + byteCount);
            var rest = _expected - _allocated;
            _allocated += byteCount;
            if (byteCount < SlabBytes && _expected >= LeastBytes)
            {
                if (_slab?.Fits(byteCount) != true)
                {
                    var least = Math.Max(PackedBlock.Occupied(byteCount), HugePages.PageBytes * 8);
                    _slab?.Release();
                    _slab = null;
                    _slab = new PackedSlab((Math.Max(least, Math.Min(rest, SlabBytes)) + HugePages.PageBytes - 1) / HugePages.PageBytes * HugePages.PageBytes);
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
