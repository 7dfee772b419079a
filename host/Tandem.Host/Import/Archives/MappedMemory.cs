using System.Buffers;

namespace Tandem.Host.Import.Archives;

/// <summary>Part of an archive as memory, for readers that take memory.</summary>
internal sealed unsafe class MappedMemory(ArchiveFile file, long offset, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(file.Pointer + offset, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(file.Pointer + offset + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
