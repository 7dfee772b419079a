using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>Zeros: what a buffer without a first value holds.</summary>
internal sealed class ZeroContent(long length, string origin) : DataContent
{
    public override long Length => length;

    public override string Origin => origin;

    protected override void ReadCore(long offset, Span<byte> destination) => destination.Clear();
}
