namespace Tandem.Host.Import.Archives;

/// <summary>A member of a ZIP archive, checked against the archive's bounds and its local header.</summary>
/// <param name="Name">Full name as it stands in the archive.</param>
/// <param name="Offset">Offset of its first stored byte in the file.</param>
/// <param name="StoredLength">Number of stored bytes.</param>
/// <param name="Length">Number of bytes once inflated; <paramref name="StoredLength"/> for a stored member.</param>
/// <param name="Crc">CRC-32 of the bytes, as the archive says; not checked yet.</param>
/// <param name="IsDeflated">Whether the bytes are deflated.</param>
internal sealed record ArchiveMember(string Name, long Offset, long StoredLength, long Length, uint Crc, bool IsDeflated);
