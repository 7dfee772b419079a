using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Bytes in native memory, counted as the host counts them.</summary>
internal sealed unsafe class FakeHandle : DataHandle
{
    private readonly Block _block;
    private bool _isDisposed;

    public FakeHandle(byte[] bytes)
        : this(new Block(bytes))
    {
    }

    private FakeHandle(Block block)
    {
        _block = block;
        block.Holders++;
    }

    /// <summary>Handles that are open, over all copies of this one.</summary>
    public int Holders => _block.Holders;

    public override long Length => _block.Length;

    public override byte* Pointer => _isDisposed ? throw new TandemException(ErrorCode.NamedDataReleased, "released") : _block.Memory;

    public override int Alignment => 64;

    public override TensorLayout? Layout => null;

    public override ContentId ContentId => _block.Id;

    /// <summary>What <see cref="FileStamp"/> says.</summary>
    public string? Stamp { get; set; }

    public override string? FileStamp => Stamp;

    public override long FileOffset => Stamp is null ? -1 : 4096;

    public override DataHandle AddReference() => new FakeHandle(_block) { Stamp = Stamp };

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            if (--_block.Holders == 0)
            {
                NativeMemory.AlignedFree(_block.Memory);
            }
        }
    }

    private sealed class Block
    {
        public Block(byte[] bytes)
        {
            Length = bytes.Length;
            Memory = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes.Length), 64);
            bytes.CopyTo(new Span<byte>(Memory, bytes.Length));
            var hash = new HashCode();
            hash.AddBytes(bytes);
            Id = new ContentId(bytes.Length, (ulong)hash.ToHashCode(), BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(bytes)));
        }

        public byte* Memory { get; }

        public int Length { get; }

        public int Holders { get; set; }

        public ContentId Id { get; }
    }
}
