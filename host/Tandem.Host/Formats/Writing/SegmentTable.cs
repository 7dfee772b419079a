using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Lays data out after the FlatBuffer of a container, and writes it. Offsets count from the start of the segment area.</summary>
internal sealed class SegmentTable
{
    private readonly List<(long Offset, long Length)> _segments = [];
    private readonly List<(long Offset, DataContent Content)> _contents = [];

    /// <summary>Offset and length of each segment, in order.</summary>
    internal IReadOnlyList<(long Offset, long Length)> Segments => _segments;

    /// <summary>Bytes of the whole area.</summary>
    internal long Length { get; private set; }

    /// <summary>What the area's start must be aligned to in the file, for every segment to lie as aligned as it asked for.</summary>
    internal long BaseAlignment { get; private set; } = ProgramImage.SegmentAlignment;

    /// <summary>Where a segment of this alignment would begin now. An empty one takes no room.</summary>
    internal long NextOffset(int alignment) => AlignUp(Length, Common(ProgramImage.SegmentAlignment, alignment));

    /// <summary>Adds a segment with one content.</summary>
    internal int Add(DataContent content, int alignment = 1)
    {
        var offset = NextOffset(alignment);
        Place(offset, content, alignment);
        return AddRange(offset, content.Length);
    }

    /// <summary>Adds a segment over bytes that are placed on their own.</summary>
    internal int AddRange(long offset, long length)
    {
        _segments.Add((offset, length));
        Length = Math.Max(Length, offset + length);
        return _segments.Count - 1;
    }

    /// <summary>Places a content without a segment of its own.</summary>
    internal void Place(long offset, DataContent content, int alignment = 1)
    {
        // An alignment beyond a page of any machine would blow the file up for nothing.
        BaseAlignment = Math.Min(Common(BaseAlignment, alignment), 1 << 16) is var common && common % ProgramImage.SegmentAlignment == 0 ? common : BaseAlignment;
        if (content.Length > 0)
        {
            _contents.Add((offset, content));
            Length = Math.Max(Length, offset + content.Length);
        }
    }

    /// <summary>Writes the area; the stream is at its start.</summary>
    internal void Write(Stream target)
    {
        long done = 0;
        foreach (var (offset, content) in _contents.OrderBy(item => item.Offset))
        {
            WriteZeros(target, offset - done);
            content.CopyTo(target);
            done = offset + content.Length;
        }

        WriteZeros(target, Length - done);
    }

    internal static void WriteZeros(Stream target, long count)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        for (; count > 0; count -= zeros.Length)
        {
            target.Write(zeros[..(int)Math.Min(count, zeros.Length)]);
        }
    }

    internal static long AlignUp(long value, long alignment) => checked(value + alignment - 1) / alignment * alignment;

    internal static long Common(long left, long right)
    {
        var (a, b) = (left, right);
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return checked(left / a * right);
    }
}
