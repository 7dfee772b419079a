namespace Tandem.Host.Import.Archives;

/// <summary>Gives members with equal bytes one content, so that what methods and tied tensors share is one object.</summary>
/// <remarks>
/// Length and checksum, which the directory gives, tell most members apart; those that agree are compared byte for byte, or by SHA-256 from the
/// third on, so that no set of members makes the work grow with its square.
/// </remarks>
internal sealed class ContentPool
{
    private readonly Dictionary<(long Length, uint Crc), Group> _groups = [];

    /// <summary>The content that stands for all with these bytes.</summary>
    internal ArchiveContent Intern(ArchiveContent content)
    {
        if (!_groups.TryGetValue((content.Length, content.Crc), out var group))
        {
            _groups.Add((content.Length, content.Crc), new Group(content));
            return content;
        }

        return group.Find(content);
    }

    private sealed class Group(ArchiveContent first)
    {
        private Dictionary<string, ArchiveContent>? _others;

        internal ArchiveContent Find(ArchiveContent content)
        {
            if (_others is null && content.BytesEqual(first))
            {
                return first;
            }

            _others ??= new(StringComparer.Ordinal) { [first.ContentHash] = first };
            if (_others.TryGetValue(content.ContentHash, out var known))
            {
                return known;
            }

            _others.Add(content.ContentHash, content);
            return content;
        }
    }
}
