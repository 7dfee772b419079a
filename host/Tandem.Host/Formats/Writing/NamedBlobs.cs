using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>The distinct contents behind keys, each at the least common multiple of the alignments that its keys ask for.</summary>
internal sealed class NamedBlobs
{
    private readonly int[] _ofKey;
    private readonly List<(DataContent Content, int Alignment)> _blobs = [];
    private readonly ContentIndex _index;

    internal NamedBlobs(IReadOnlyList<NamedDataImage> data, bool sharesContent)
    {
        _index = new ContentIndex(sharesContent);
        _ofKey = new int[data.Count];
        for (var i = 0; i < _ofKey.Length; i++)
        {
            if (!_index.TryGet(data[i].Content, out var blob))
            {
                blob = _blobs.Count;
                _index.Add(data[i].Content, blob);
                _blobs.Add((data[i].Content, 1));
            }

            _blobs[blob] = (_blobs[blob].Content, checked((int)SegmentTable.Common(_blobs[blob].Alignment, data[i].Alignment)));
            _ofKey[i] = blob;
        }
    }

    /// <summary>Alignment that the keys of equal content ask for; 0 if no key has it.</summary>
    internal int AlignmentOf(DataContent content) => content.Length > 0 && _index.TryGet(content, out var blob) ? _blobs[blob].Alignment : 0;

    /// <summary>Adds a segment for each content.</summary>
    /// <param name="segments">The container's segments.</param>
    /// <param name="placed">Contents that lie in the file already, by their place in <paramref name="offsets"/>: the segment covers those bytes.</param>
    /// <param name="offsets">Where they lie.</param>
    /// <returns>The segment of each key.</returns>
    internal int[] AddTo(SegmentTable segments, ContentIndex placed, IReadOnlyList<long> offsets)
    {
        var segmentOf = _blobs.ConvertAll(blob => blob.Content.Length > 0 && placed.TryGet(blob.Content, out var index)
            ? segments.AddRange(offsets[index], blob.Content.Length) : segments.Add(blob.Content, blob.Alignment));
        return Array.ConvertAll(_ofKey, blob => segmentOf[blob]);
    }
}
