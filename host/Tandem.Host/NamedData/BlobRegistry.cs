using System.Numerics;
using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Host.NamedData;

/// <summary>
/// Opens ranges of sources as counted handles, one physical load for each content: a range of one source is known by where it lies; ranges that are
/// equally long are compared byte for byte with those that are there. So a content needs no hash: it is the number that its first load got.
/// </summary>
/// <remarks>
/// Threading: all members may be called from any thread. One lock covers looking up, comparing and loading, so that equal blobs that are asked for
/// at the same time are loaded once.
/// </remarks>
public sealed class BlobRegistry
{
    // Of all registries together: their handles meet in the caches of derived data.
    private static long s_lastContent;

    private readonly Lock _lock = new();
    private readonly Dictionary<BlobOrigin, Blob> _byOrigin = [];

    // What a range of an open source holds keeps its identity while nobody holds the range: a backend that derives something from it and lets it go finds
    // what it derived when the next method asks.
    private readonly Dictionary<DataSource, Dictionary<DataRange, ContentId>> _contentsOf = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<long, List<Blob>> _byLength = [];
    private long _physicalLoads;
    private long _sharedLoads;

    /// <summary>The registry of the process.</summary>
    public static BlobRegistry Shared { get; } = new();

    /// <summary>What the registry did.</summary>
    public LoadStatistics Statistics
    {
        get
        {
            lock (_lock)
            {
                var blobs = _byLength.Values.SelectMany(list => list).ToList();
                return new LoadStatistics(_physicalLoads, _sharedLoads, blobs.Count, blobs.Sum(blob => blob.Length), blobs.Sum(blob => (long)blob.References));
            }
        }
    }

    /// <summary>Opens a range of a source.</summary>
    /// <param name="source">The source; the blob keeps its own reference.</param>
    /// <param name="range">The range, inside the source.</param>
    /// <param name="layout">Element type and shape, where the file says so.</param>
    /// <param name="alignment">Alignment that the caller needs: a power of two, at least 16 is given.</param>
    /// <returns>A handle, which the caller disposes.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SegmentOutOfRange"/>, <see cref="ErrorCode.OutOfMemory"/> or <see cref="ErrorCode.ObjectReleased"/>.</exception>
    public DataHandle Open(DataSource source, DataRange range, TensorLayout? layout = null, int alignment = 16) => Open(source, range, layout, alignment, out _);

    /// <summary>Opens a range of a source, and says whether that loaded it.</summary>
    internal DataHandle Open(DataSource source, DataRange range, TensorLayout? layout, int alignment, out bool isLoaded)
    {
        if (range.Offset < 0 || range.Length < 0 || range.Offset > source.Length - range.Length)
        {
            throw new TandemException(ErrorCode.SegmentOutOfRange, "a range lies outside its source", new ErrorDetails
            {
                File = source.Name,
                Expected = $"within {source.Length} bytes",
                Found = $"offset {range.Offset}, {range.Length} bytes",
            });
        }

        if (alignment < 1 || !BitOperations.IsPow2(alignment))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "an alignment is impossible",
                new ErrorDetails { File = source.Name, Expected = "a power of two", Found = $"{alignment}" });
        }

        // A released source has no bytes to compare: the reference makes sure that this one has, until the blob holds its own.
        source.AddReference();
        try
        {
            lock (_lock)
            {
                var loads = _physicalLoads;
                var blob = FindOrLoad(source, range, Math.Max(alignment, 16));
                isLoaded = _physicalLoads > loads;
                return new BlobHandle(this, Hold(blob), layout);
            }
        }
        finally
        {
            source.Release();
        }
    }

    /// <summary>Places that blobs are found by; for tests.</summary>
    internal int OriginCount
    {
        get
        {
            lock (_lock)
            {
                return _byOrigin.Count + _contentsOf.Count;
            }
        }
    }

    /// <summary>Called before each physical load; tests make it throw.</summary>
    internal Action<DataSource, DataRange>? BeforeLoad { get; set; }

    // Two blobs of one content exist only where the first is less aligned than a later request needs.
    private Blob FindOrLoad(DataSource source, DataRange range, int alignment)
    {
        var origin = new BlobOrigin(source, range);
        if (_byOrigin.TryGetValue(origin, out var blob) && blob.IsAligned(alignment))
        {
            _sharedLoads++;
            return blob;
        }

        var contents = _contentsOf.GetValueOrDefault(source);
        blob = FindEqual(source, range, alignment, out var content);
        if (blob is null)
        {
            if (content is null && contents is not null && contents.TryGetValue(range, out var earlier))
            {
                content = earlier;
            }

            blob = Load(source, range, alignment, content);
        }
        else
        {
            _sharedLoads++;
        }

        _byOrigin[origin] = blob;
        blob.Origins.Add(origin);
        if (contents is null)
        {
            // A source may be gone long before a blob that it was found equal to.
            _contentsOf[source] = contents = [];
            source.Freed += Forget;
        }

        contents[range] = blob.ContentId;
        return blob;
    }

    private void Forget(DataSource source)
    {
        lock (_lock)
        {
            if (_contentsOf.Remove(source, out var contents))
            {
                foreach (var origin in contents.Keys.Select(range => new BlobOrigin(source, range)))
                {
                    if (_byOrigin.Remove(origin, out var blob))
                    {
                        blob.Origins.Remove(origin);
                    }
                }
            }
        }
    }

    internal void Release(Blob blob)
    {
        lock (_lock)
        {
            if (--blob.References > 0)
            {
                return;
            }

            foreach (var origin in blob.Origins)
            {
                if (_byOrigin.TryGetValue(origin, out var current) && ReferenceEquals(current, blob))
                {
                    _byOrigin.Remove(origin);
                }
            }

            var list = _byLength[blob.Length];
            list.Remove(blob);
            if (list.Count == 0)
            {
                _byLength.Remove(blob.Length);
            }
        }

        blob.Free();
    }

    internal Blob AddReference(Blob blob)
    {
        lock (_lock)
        {
            ThrowIfFree(blob);
            return Hold(blob);
        }
    }

    // Another thread may have disposed the handle between its check and this lock.
    private static void ThrowIfFree(Blob blob)
    {
        if (blob.References == 0)
        {
            throw BlobHandle.Released();
        }
    }

    private static Blob Hold(Blob blob)
    {
        blob.References++;
        return blob;
    }

    private Blob Load(DataSource source, DataRange range, int alignment, ContentId? content)
    {
        Blob blob;
        try
        {
            BeforeLoad?.Invoke(source, range);
            blob = new Blob(source, range, alignment, content ?? new ContentId(range.Length, 0, (ulong)Interlocked.Increment(ref s_lastContent)));
        }
        catch (OutOfMemoryException error)
        {
            throw new TandemException(ErrorCode.OutOfMemory, "memory for named data cannot be had",
                new ErrorDetails { File = source.Name, Expected = $"{range.Length} bytes" }, error);
        }

        _physicalLoads++;
        if (!_byLength.TryGetValue(range.Length, out var list))
        {
            _byLength[range.Length] = list = [];
        }

        list.Add(blob);
        return blob;
    }

    // What is equal and not aligned as asked tells the content all the same.
    private unsafe Blob? FindEqual(DataSource source, DataRange range, int alignment, out ContentId? content)
    {
        content = null;
        if (!_byLength.TryGetValue(range.Length, out var candidates))
        {
            return null;
        }

        var pointer = source.Pointer + range.Offset;
        foreach (var candidate in candidates)
        {
            if (range.Length == 0 || (!Differs(candidate.Pointer, pointer, range.Length) && candidate.ContentEquals(pointer)))
            {
                content = candidate.ContentId;
                if (candidate.IsAligned(alignment))
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    // The first and last bytes tell most blobs of one length apart without touching their pages.
    private static unsafe bool Differs(byte* left, byte* right, long length)
    {
        var edge = (int)Math.Min(length, 64);
        return !new ReadOnlySpan<byte>(left, edge).SequenceEqual(new ReadOnlySpan<byte>(right, edge))
            || !new ReadOnlySpan<byte>(left + length - edge, edge).SequenceEqual(new ReadOnlySpan<byte>(right + length - edge, edge));
    }
}
