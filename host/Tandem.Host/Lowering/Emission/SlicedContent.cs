using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>A part of other content.</summary>
internal sealed class SlicedContent(DataContent whole, long offset, long length) : DataContent
{
    public override long Length => length;

    public override string Origin => whole.Origin;

    protected override void ReadCore(long start, Span<byte> destination) => whole.Read(offset + start, destination);
}
