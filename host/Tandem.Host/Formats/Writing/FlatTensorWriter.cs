using System.Buffers.Binary;
using Tandem.FlatBuffers;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Writes a .ptd (FlatTensor) file: keys in the given order, each content once.</summary>
internal static class FlatTensorWriter
{
    private const int HeaderSize = 48;

    /// <summary>Writes a data file.</summary>
    /// <param name="target">Receives the file from its start.</param>
    /// <param name="data">Keys and contents.</param>
    /// <param name="sharesContent">Whether equal contents are written once.</param>
    internal static void Write(Stream target, IReadOnlyList<NamedDataImage> data, bool sharesContent = true)
    {
        var segments = new SegmentTable();
        var indices = new NamedBlobs(data, sharesContent).AddTo(segments, new ContentIndex(), []);
        var body = Build(data, indices, segments);

        // The header is inserted after the root offset and the identifier; its length keeps every alignment of the FlatBuffer.
        var end = body.Length + HeaderSize;
        var start = SegmentTable.AlignUp(end, segments.BaseAlignment);
        Span<byte> head = stackalloc byte[8 + HeaderSize];
        head.Clear();
        body.AsSpan(0, 8).CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head, BinaryPrimitives.ReadUInt32LittleEndian(head) + HeaderSize);
        "FH01"u8.CopyTo(head[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], 40);
        BinaryPrimitives.WriteUInt64LittleEndian(head[16..], HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], (ulong)body.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(head[32..], (ulong)start);
        BinaryPrimitives.WriteUInt64LittleEndian(head[40..], (ulong)segments.Length);
        target.Write(head);
        target.Write(body.AsSpan(8));
        SegmentTable.WriteZeros(target, start - end);
        segments.Write(target);
    }

    private static byte[] Build(IReadOnlyList<NamedDataImage> data, int[] indices, SegmentTable segments)
    {
        var flat = new ContainerFlatBuffer();
        var named = new int[data.Count];
        for (var i = 0; i < named.Length; i++)
        {
            var key = flat.String(data[i].Key);
            var layout = data[i].Layout is { } found ? Layout(flat, found) : 0;
            flat.Builder.StartTable(3);
            flat.Builder.AddOffset(0, key);
            flat.UInt32(1, (uint)indices[i]);
            flat.Offset(2, layout);
            named[i] = flat.Builder.EndTable();
        }

        var (namedData, segmentTable) = (flat.Builder.CreateOffsetVector(named), flat.Segments(segments));
        flat.Builder.StartTable(3);
        flat.Builder.AddOffset(1, segmentTable);
        flat.Builder.AddOffset(2, namedData);
        return flat.Builder.Finish(flat.Builder.EndTable(), "FT01");
    }

    private static int Layout(ContainerFlatBuffer flat, TensorLayout layout)
    {
        var (sizes, dimOrder) = (flat.Int32s(layout.Sizes.AsSpan()), flat.Bytes(layout.DimOrder.AsSpan()));
        flat.Builder.StartTable(3);
        flat.Byte(0, (byte)layout.ScalarType);
        flat.Builder.AddOffset(1, sizes);
        flat.Builder.AddOffset(2, dimOrder);
        return flat.Builder.EndTable();
    }
}
