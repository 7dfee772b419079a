namespace Tandem.Sdk;

/// <summary>Data that backends take out of their payloads while a program is lowered: each content once, whatever names it.</summary>
/// <remarks>
/// <para>Life: the host makes one store for a lowering, hands it to every preprocessor, and writes it with the program. At run time the same keys
/// are read through <see cref="NamedDataMap"/>.</para>
/// <para>Equality of content is found by length and the first 32 bytes, then by SHA-256, which is computed only where those agree.</para>
/// <para>Order: keys and blobs are enumerated in the order in which they were added, so that equal calls write equal files.</para>
/// <para>Threading: one thread at a time. Failure: an add or merge that throws changes nothing.</para>
/// </remarks>
/// <param name="sharesContent">
/// Whether equal content under different keys is stored once; if not, <see cref="AddByContent"/> gives a new key at each call, and each key has its own copy.
/// </param>
public sealed class NamedDataStore(bool sharesContent)
{
    private readonly List<NamedDataStoreEntry> _entries = [];
    private readonly List<NamedDataBlob> _blobs = [];
    private readonly Dictionary<string, int> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<DataPrefix, List<int>> _byPrefix = [];

    /// <summary>Creates a store in which equal content is stored once.</summary>
    public NamedDataStore()
        : this(sharesContent: true)
    {
    }

    /// <summary>Whether equal content under different keys is stored once.</summary>
    public bool SharesContent => sharesContent;

    /// <summary>All keys, in the order in which they were added.</summary>
    public IReadOnlyList<NamedDataStoreEntry> Entries => _entries;

    /// <summary>All contents, each once, in the order in which they were first added.</summary>
    public IReadOnlyList<NamedDataBlob> Blobs => _blobs;

    /// <summary>External files that some key names, in the order in which they were first named.</summary>
    public IEnumerable<string> ExternalTags => _entries.Where(entry => entry.ExternalTag is not null).Select(entry => entry.ExternalTag!).Distinct(StringComparer.Ordinal);

    /// <summary>Whether a key is there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>True if it is.</returns>
    public bool Contains(string key) => _byKey.ContainsKey(key);

    /// <summary>Finds a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The entry, or null.</returns>
    public NamedDataStoreEntry? Find(string key) => _byKey.TryGetValue(key, out var index) ? _entries[index] : null;

    /// <summary>Adds data under a key.</summary>
    /// <param name="key">The key. If it is there with equal bytes, its file stays, and the alignment grows as needed.</param>
    /// <param name="content">The bytes; may be empty.</param>
    /// <param name="alignment">Alignment that this user needs, in bytes; 1 or more.</param>
    /// <param name="externalTag">Name of the external file that gets the data; null for the program itself.</param>
    /// <param name="layout">Element type and shape; null for plain bytes.</param>
    /// <returns>True if the key is new.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.NamedDataConflict"/>: the key has other bytes or another layout; both origins are named.
    /// <see cref="ErrorCode.NamedDataMismatch"/>: the layout does not fit the bytes. <see cref="ErrorCode.ArgumentInvalid"/>: key or alignment.
    /// </exception>
    public bool Add(string key, DataContent content, int alignment = 1, string? externalTag = null, TensorLayout? layout = null)
    {
        Check(key, content, alignment, layout);
        if (_byKey.TryGetValue(key, out var position))
        {
            var entry = _entries[position];
            ThrowIfOther(entry, content, layout);
            Align(entry.BlobIndex, LeastCommonMultiple(key, _blobs[entry.BlobIndex].Alignment, alignment));
            _entries[position] = entry with { Layout = entry.Layout ?? layout };
            return false;
        }

        var prefix = content.Prefix();
        if (FindEqual(prefix, content) is { } shared)
        {
            Align(shared, LeastCommonMultiple(key, _blobs[shared].Alignment, alignment));
        }
        else
        {
            shared = _blobs.Count;
            _blobs.Add(new NamedDataBlob(content, alignment));
            if (!_byPrefix.TryGetValue(prefix, out var list))
            {
                _byPrefix[prefix] = list = [];
            }

            list.Add(shared);
        }

        _byKey.Add(key, _entries.Count);
        _entries.Add(new NamedDataStoreEntry(key, shared, externalTag, layout, content.Origin));
        return true;
    }

    /// <summary>Adds data under the hash of its content, so that equal data meets under one key in every partition and method.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="alignment">Alignment that this user needs, in bytes.</param>
    /// <param name="prefix">Put before the hash, to keep name spaces apart.</param>
    /// <param name="externalTag">Name of the external file that gets the data; null for the program itself.</param>
    /// <returns>
    /// The key: the prefix and 64 lower-case hexadecimal digits; without sharing, a point and the number of the call follow.
    /// </returns>
    public string AddByContent(DataContent content, int alignment = 1, string prefix = "", string? externalTag = null)
    {
        var key = prefix + content.ContentHash;
        if (!sharesContent)
        {
            key = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key}.{_entries.Count}");
        }

        Add(key, content, alignment, externalTag);
        return key;
    }

    /// <summary>Adds all of another store: keys of the program first, then those of each external file.</summary>
    /// <param name="other">The other store; unchanged.</param>
    /// <exception cref="TandemException">As <see cref="Add"/>; nothing was merged.</exception>
    public void Merge(NamedDataStore other)
    {
        if (ReferenceEquals(this, other))
        {
            return;
        }

        foreach (var entry in other._entries)
        {
            var blob = other._blobs[entry.BlobIndex];
            if (Find(entry.Key) is { } own)
            {
                ThrowIfOther(own, blob.Content, entry.Layout);
                LeastCommonMultiple(entry.Key, _blobs[own.BlobIndex].Alignment, blob.Alignment);
            }
            else if (FindEqual(blob.Content.Prefix(), blob.Content) is { } shared)
            {
                LeastCommonMultiple(entry.Key, _blobs[shared].Alignment, blob.Alignment);
            }
        }

        foreach (var entry in other._entries.Where(entry => entry.ExternalTag is null)
            .Concat(other.ExternalTags.SelectMany(tag => other._entries.Where(entry => entry.ExternalTag == tag))))
        {
            Add(entry.Key, other._blobs[entry.BlobIndex].Content, other._blobs[entry.BlobIndex].Alignment, entry.ExternalTag, entry.Layout);
        }
    }

    private static void Check(string key, DataContent content, int alignment, TensorLayout? layout)
    {
        if (key.Length == 0 || alignment < 1)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "named data needs a key and an alignment",
                new ErrorDetails { File = content.Origin, Location = key, Expected = "a key, and an alignment of 1 or more", Found = $"'{key}', {alignment}" });
        }

        if (layout is not null && layout.ByteCount != content.Length)
        {
            throw new TandemException(ErrorCode.NamedDataMismatch, "the layout does not fit the data",
                new ErrorDetails { File = content.Origin, Location = key, Expected = $"{layout.ByteCount} bytes for {layout}", Found = $"{content.Length} bytes" });
        }
    }

    private static int LeastCommonMultiple(string key, int left, int right)
    {
        long a = left, b = right;
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        var multiple = left / a * right;
        return multiple <= int.MaxValue ? (int)multiple
            : throw new TandemException(ErrorCode.ArgumentInvalid, "no common alignment of one content is possible",
                new ErrorDetails { Location = key, Expected = "alignments with a small common multiple", Found = $"{left} and {right}" });
    }

    private void ThrowIfOther(NamedDataStoreEntry entry, DataContent content, TensorLayout? layout)
    {
        var known = _blobs[entry.BlobIndex].Content;
        if (known.ContentEquals(content) && (entry.Layout is null || layout is null || entry.Layout.Equals(layout)))
        {
            return;
        }

        throw new TandemException(ErrorCode.NamedDataConflict, "two sources put different data under one key", new ErrorDetails
        {
            File = content.Origin,
            Location = entry.Key,
            Expected = $"the {known.Length} bytes {entry.Layout} of '{entry.Origin}'",
            Found = $"{content.Length} other bytes {layout} of '{content.Origin}'",
            NextStep = "give each content a key of its own, or the hash of the content",
        });
    }

    private int? FindEqual(DataPrefix prefix, DataContent content)
    {
        if (!sharesContent)
        {
            return null;
        }

        foreach (var index in _byPrefix.GetValueOrDefault(prefix, []))
        {
            if (_blobs[index].Content.ContentEquals(content))
            {
                return index;
            }
        }

        return null;
    }

    private void Align(int blob, int alignment) => _blobs[blob] = _blobs[blob] with { Alignment = alignment };
}
