using Tandem.Host.Formats;

namespace Tandem.Host.Import.Archives;

/// <summary>The bytes of an archive, mapped or in memory, for as long as any object that came from it is reachable.</summary>
/// <remarks>
/// An exported program has no owner who could dispose it: passes, backends and stores keep single contents of it. So the mapping is given back by the
/// garbage collector, when the last content of the archive is gone.
/// </remarks>
internal sealed unsafe class ArchiveFile
{
    private readonly DataSource _source;

    /// <summary>Takes over the creator's reference.</summary>
    internal ArchiveFile(DataSource source) => _source = source;

    ~ArchiveFile() => _source.Dispose();

    /// <summary>Gives the bytes back at once: nothing that came from the archive is in use.</summary>
    internal void Release()
    {
        _source.Dispose();
        GC.SuppressFinalize(this);
    }

    internal string Name => _source.Name;

    internal long Length => _source.Length;

    /// <summary>The first byte. Whoever reads through it keeps this object alive until it has done so.</summary>
    internal byte* Pointer => _source.Pointer;

    /// <summary>Refuses a mapped file that was written since it was opened.</summary>
    internal void ThrowIfChanged() => _source.ThrowIfChanged();
}
