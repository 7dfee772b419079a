using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Constants;

/// <summary>A part of other content: a tensor that lies within a larger storage.</summary>
internal sealed class ContentSlice(DataContent content, long offset, long length) : DataContent
{
    public override long Length => length;

    public override string Origin => content.Origin;

    protected override void ReadCore(long start, Span<byte> destination) => content.Read(offset + start, destination);
}
