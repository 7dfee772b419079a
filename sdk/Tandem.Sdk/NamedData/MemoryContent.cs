namespace Tandem.Sdk;

/// <summary>Content in memory.</summary>
internal sealed class MemoryContent(ReadOnlyMemory<byte> bytes, string origin) : DataContent
{
    public override long Length => bytes.Length;

    public override string Origin => origin;

    protected override void ReadCore(long offset, Span<byte> destination) => bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
}
