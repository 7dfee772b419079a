using System.Diagnostics.CodeAnalysis;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.NamedData;

/// <summary>Named data over a program and its external files. Keeps a reference on each file.</summary>
internal sealed class PackageDataMap : NamedDataMap, IDisposable
{
    private readonly BlobRegistry _registry;
    private readonly Dictionary<string, MapEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];
    private readonly List<DataSource> _sources = [];
    private readonly Lock _lock = new();
    private long _byteCount;
    private bool _isDisposed;

    /// <summary>Merges the keys of several files.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.NamedDataConflict"/>: two files hold different bytes under one key.</exception>
    internal PackageDataMap(BlobRegistry registry, IEnumerable<NamedDataSource> files)
    {
        _registry = registry;
        try
        {
            foreach (var file in files)
            {
                _sources.Add(file.Source.AddReference());
                foreach (var entry in file.Entries)
                {
                    Add(file.Source, entry);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override IReadOnlyCollection<string> Keys => _keys;

    /// <summary>How often each key was asked for, in the order of <see cref="Keys"/>.</summary>
    internal IReadOnlyList<NamedDataUse> Uses
    {
        get
        {
            lock (_lock)
            {
                return [.. _keys.Select(key => _entries[key]).Select(item => new NamedDataUse(item.Entry.Key, item.Source.Name, item.Entry.Range.Length, item.Requests, item.PhysicalLoads))];
            }
        }
    }

    public override long ByteCount => _byteCount;

    public override bool Contains(string key) => _entries.ContainsKey(key);

    public override bool TryGet(string key, [NotNullWhen(true)] out DataHandle? handle)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                throw new TandemException(ErrorCode.ObjectReleased, "the program of the named data was disposed", new ErrorDetails { Location = key });
            }

            if (!_entries.TryGetValue(key, out var found))
            {
                handle = null;
                return false;
            }

            handle = _registry.Open(found.Source, found.Entry.Range, found.Entry.Layout, alignment: 16, out var isLoaded);
            found.Requests++;
            found.PhysicalLoads += isLoaded ? 1 : 0;
            return true;
        }
    }

    public override TensorLayout? GetLayout(string key) => _entries.TryGetValue(key, out var found) ? found.Entry.Layout
        : throw new TandemException(ErrorCode.NamedDataNotFound, "no data has this key", new ErrorDetails { Location = key });

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var source in _sources)
            {
                source.Release();
            }

            _sources.Clear();
        }
    }

    private void Add(DataSource source, NamedDataEntry entry)
    {
        if (_entries.TryAdd(entry.Key, new MapEntry(source, entry)))
        {
            _keys.Add(entry.Key);
            _byteCount += entry.Range.Length;
            return;
        }

        var other = _entries[entry.Key];
        var sameLayout = other.Entry.Layout is null || entry.Layout is null || other.Entry.Layout.Equals(entry.Layout);
        if (!sameLayout || !SameBytes(other.Source, other.Entry.Range, source, entry.Range))
        {
            throw new TandemException(ErrorCode.NamedDataConflict, "two sources hold different data under one key", new ErrorDetails
            {
                File = source.Name,
                Location = entry.Key,
                Expected = $"the {other.Entry.Range.Length} bytes of '{other.Source.Name}'",
                Found = $"{entry.Range.Length} other bytes in '{source.Name}'",
                NextStep = "give the data file that the program was exported with, and no other that uses its keys",
            });
        }
    }

    // Compared in place: a check of keys is no load.
    private static unsafe bool SameBytes(DataSource left, DataRange leftRange, DataSource right, DataRange rightRange)
    {
        if (leftRange.Length != rightRange.Length)
        {
            return false;
        }

        for (long done = 0; done < leftRange.Length;)
        {
            var step = (int)Math.Min(leftRange.Length - done, 1 << 30);
            if (!new ReadOnlySpan<byte>(left.Pointer + leftRange.Offset + done, step).SequenceEqual(new ReadOnlySpan<byte>(right.Pointer + rightRange.Offset + done, step)))
            {
                return false;
            }

            done += step;
        }

        return true;
    }

    private sealed class MapEntry(DataSource source, NamedDataEntry entry)
    {
        internal DataSource Source { get; } = source;

        internal NamedDataEntry Entry { get; } = entry;

        internal long Requests { get; set; }

        internal long PhysicalLoads { get; set; }
    }
}
