using System.Diagnostics.CodeAnalysis;
using Tandem.Sdk;

namespace Tandem.Host.Import.Archives;

/// <summary>A ZIP archive as torch writes it: members by their name below the root folder.</summary>
internal sealed class PackageArchive
{
    private readonly ArchiveFile _file;
    private readonly Dictionary<string, ArchiveMember> _members = new(StringComparer.Ordinal);

    /// <summary>Reads the directory of an archive.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Offset of the archive in it.</param>
    /// <param name="length">Length of the archive.</param>
    /// <param name="name">Name for messages.</param>
    internal PackageArchive(ArchiveFile file, long offset, long length, string name)
    {
        (_file, Name) = (file, name);
        var members = ZipDirectory.Read(file, offset, length, name);
        long inflated = 0;
        foreach (var member in members)
        {
            inflated += member.IsDeflated ? Math.Min(member.Length, long.MaxValue - inflated) : 0;
        }

        var limit = ((Int128)length * ArchiveLimits.InflatedRatio) + ArchiveLimits.InflatedAllowance;
        if (inflated > limit)
        {
            throw ArchiveErrors.TooLarge(name, null, "the archive inflates to too much", $"at most {limit} bytes", $"{inflated} bytes");
        }

        // The root folder is the name that the file had when it was written; archives of torch 2.7 have none.
        IsFlat = members.Any(member => member.Name == "serialized_exported_program.json");
        var root = members.Count == 0 || IsFlat || members[0].Name.IndexOf('/') is var slash && slash < 0 ? "" : members[0].Name[..(slash + 1)];
        foreach (var member in members)
        {
            if (!member.Name.StartsWith(root, StringComparison.Ordinal))
            {
                throw ArchiveErrors.Invalid(name, member.Name, "members lie under several root folders", $"names under '{root}'");
            }

            var below = member.Name[root.Length..];
            _members.Add(below, member);
            Names.Add(below);
        }
    }

    /// <summary>Name for messages.</summary>
    internal string Name { get; }

    /// <summary>Whether it has no root folder.</summary>
    internal bool IsFlat { get; }

    /// <summary>Names of the members below the root folder, in the order of the directory.</summary>
    internal List<string> Names { get; } = [];

    /// <summary>Finds a member.</summary>
    internal bool TryGet(string name, [NotNullWhen(true)] out ArchiveContent? content)
    {
        content = _members.TryGetValue(name, out var member) ? new ArchiveContent(_file, member, Name) : null;
        return content is not null;
    }

    /// <summary>Finds a member that must be there.</summary>
    internal ArchiveContent Get(string name) => TryGet(name, out var content) ? content
        : throw ArchiveErrors.Invalid(Name, name, "the archive lacks a member");

    /// <summary>The text of a small member without the white space around it; null if it is absent.</summary>
    internal string? ReadText(string name)
    {
        if (!TryGet(name, out var content))
        {
            return null;
        }

        return content.Length <= 1024 ? System.Text.Encoding.UTF8.GetString(content.ToMemory().Span).Trim()
            : throw ArchiveErrors.TooLarge(Name, name, "the member is too long", "at most 1024 bytes", $"{content.Length} bytes");
    }
}
