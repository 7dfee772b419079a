using System.Runtime.InteropServices;
using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Host.NamedData;

/// <summary>Bytes that are in memory once. Counted by its handles; the registry frees it when the last one leaves.</summary>
internal sealed unsafe class Blob
{
    private readonly DataSource? _source;
    private void* _copy;

    /// <summary>Takes a range of a source: in place where it is aligned, copied once otherwise.</summary>
    internal Blob(DataSource source, DataRange range, int alignment, ContentId contentId)
    {
        ContentId = contentId;
        Length = range.Length;
        Origin = new BlobOrigin(source, range);
        if (((nuint)(source.Pointer + range.Offset) & (nuint)(alignment - 1)) == 0)
        {
            _source = source.AddReference();
            Pointer = source.Pointer + range.Offset;
        }
        else
        {
            _copy = NativeMemory.AlignedAlloc((nuint)Math.Max(range.Length, 1), (nuint)alignment);
            Buffer.MemoryCopy(source.Pointer + range.Offset, _copy, range.Length, range.Length);
            Pointer = (byte*)_copy;
        }
    }

    internal byte* Pointer { get; private set; }

    internal long Length { get; }

    /// <summary>The first source that the bytes came from, for messages and for finding the blob without hashing.</summary>
    internal BlobOrigin Origin { get; }

    /// <summary>Every range that the registry finds this blob by.</summary>
    internal HashSet<BlobOrigin> Origins { get; } = [];

    internal ContentId ContentId { get; }

    internal int References { get; set; }

    /// <summary>Whether the bytes lie in the source itself.</summary>
    internal bool IsInPlace => _source is not null;

    internal bool IsAligned(int alignment) => ((nuint)Pointer & (nuint)(alignment - 1)) == 0;

    internal bool ContentEquals(byte* other) => new BytesComparer(Length).Equal(Pointer, other);

    internal void Free()
    {
        Pointer = null;
        _source?.Release();
        NativeMemory.AlignedFree(_copy);
        _copy = null;
    }

    private readonly struct BytesComparer(long length)
    {
        internal bool Equal(byte* left, byte* right)
        {
            for (long done = 0; done < length;)
            {
                var step = (int)Math.Min(length - done, 1 << 30);
                if (!new ReadOnlySpan<byte>(left + done, step).SequenceEqual(new ReadOnlySpan<byte>(right + done, step)))
                {
                    return false;
                }

                done += step;
            }

            return true;
        }
    }
}
