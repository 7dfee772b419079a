using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Host.NamedData;

/// <summary>One holder's handle on a blob.</summary>
internal sealed unsafe class BlobHandle : DataHandle
{
    private readonly BlobRegistry _registry;
    private Blob? _blob;

    internal BlobHandle(BlobRegistry registry, Blob held, TensorLayout? layout)
    {
        _registry = registry;
        _blob = held;
        Layout = layout;
    }

    ~BlobHandle() => Dispose(false);

    public override long Length => Live().Length;

    public override byte* Pointer => Live() is { Length: > 0 } blob ? blob.Pointer : null;

    public override int Alignment => (int)Math.Min((nuint)1 << System.Numerics.BitOperations.TrailingZeroCount((nuint)Live().Pointer), 4096);

    public override TensorLayout? Layout { get; }

    public override ContentId ContentId => Live().ContentId;

    public override string? FileStamp => Live() is { IsInPlace: true } blob ? blob.Origin.Source.FileName() : null;

    public override long FileOffset => Live() is { IsInPlace: true, Origin: { Source.IsMapped: true } origin } ? origin.Range.Offset : -1;

    public override void ReleasePages(long offset, long length)
    {
        var blob = Live();
        if (offset < 0 || length < 0 || offset > blob.Length - length)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "pages outside the data cannot be released",
                new ErrorDetails { Expected = $"within {blob.Length} bytes", Found = $"offset {offset}, {length} bytes" });
        }

        if (blob is { IsInPlace: true, Origin: var (source, range) })
        {
            source.ReleasePages(new DataRange(range.Offset + offset, length));
        }
    }

    public override DataHandle AddReference() => new BlobHandle(_registry, _registry.AddReference(Live()), Layout);

    protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _blob, null) is { } blob)
        {
            _registry.Release(blob);
        }
    }

    private Blob Live() => _blob ?? throw Released();

    internal static TandemException Released() => new(
        ErrorCode.NamedDataReleased, "a data handle was used after it was released",
        new ErrorDetails { NextStep = "keep the handle, or take another with AddReference, for as long as the bytes are used" });
}
