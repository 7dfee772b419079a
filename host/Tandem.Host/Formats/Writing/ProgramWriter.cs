using System.Buffers.Binary;
using Tandem.FlatBuffers;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>
/// Writes a program (.pte) and its data files (.ptd). The same image gives the same bytes on every machine. Contents are streamed: memory holds the
/// FlatBuffer and one piece of one content.
/// </summary>
/// <remarks>
/// Segment 0 holds the constants; then come first contents of mutable buffers, each distinct payload, and each distinct named content in the order of
/// its first key. Named content that is a constant as well lies in the constant segment, and its own segment covers those bytes: segments may
/// overlap, and every runtime reads each of them by offset and length.
/// </remarks>
internal static class ProgramWriter
{
    private const int ConstantAlignment = 16;
    private const int HeaderSize = 32;

    /// <summary>Writes the program and its data files, all or none of them.</summary>
    /// <param name="image">The program.</param>
    /// <param name="path">Path of the .pte; there is no half-written file whatever happens.</param>
    /// <param name="dataPath">Path of the data file with a tag; beside the program as "TAG.ptd" if null.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.TargetUnwritable"/>, or what reading a content throws.</exception>
    internal static void Write(ProgramImage image, string path, Func<string, string>? dataPath = null)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
        (string, Action<Stream>)[] files =
        [
            .. image.DataFiles.Select(file => (dataPath?.Invoke(file.Tag) ?? Path.Combine(folder, file.Tag + ".ptd"),
                (Action<Stream>)(stream => FlatTensorWriter.Write(stream, file.Data, image.SharesContent)))),
            (path, stream => Write(image, stream)),
        ];
        TargetFile.Write(files);
    }

    /// <summary>Writes the program to a stream from where it stands; data files are not part of it.</summary>
    /// <param name="image">The program.</param>
    /// <param name="target">Receives the file.</param>
    internal static void Write(ProgramImage image, Stream target)
    {
        var segments = new SegmentTable();
        var blobs = new NamedBlobs(image.NamedData, image.SharesContent);
        var placed = new ContentIndex(image.SharesContent);
        var constantOffsets = AddConstants(image, segments, blobs, placed);
        var mutableOffsets = AddMutableData(image, segments);
        var payloads = AddPayloads(image, segments, out var inlineCount);
        var named = blobs.AddTo(segments, placed, constantOffsets.AsSpan(1).ToArray());
        var body = Build(image, segments, constantOffsets, mutableOffsets, payloads, inlineCount, named);
        if (segments.Length == 0)
        {
            // Without segment data there is no header, and the file is the FlatBuffer. ExecuTorch reads 64 bytes before it looks at them.
            target.Write(body);
            SegmentTable.WriteZeros(target, 64 - body.Length);
            return;
        }

        // The header is inserted after the root offset and the identifier; its length keeps every alignment of the FlatBuffer.
        var end = body.Length + HeaderSize;
        var start = SegmentTable.AlignUp(end, segments.BaseAlignment);
        Span<byte> head = stackalloc byte[8 + HeaderSize];
        body.AsSpan(0, 8).CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head, BinaryPrimitives.ReadUInt32LittleEndian(head) + HeaderSize);
        "eh00"u8.CopyTo(head[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(head[16..], (ulong)end);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], (ulong)start);
        BinaryPrimitives.WriteUInt64LittleEndian(head[32..], (ulong)segments.Length);
        target.Write(head);
        target.Write(body.AsSpan(8));
        SegmentTable.WriteZeros(target, start - end);
        segments.Write(target);
    }

    // Offsets by data index; index 0 is the placeholder. A constant that named data shares lies where a segment may begin.
    private static long[] AddConstants(ProgramImage image, SegmentTable segments, NamedBlobs blobs, ContentIndex placed)
    {
        var offsets = new long[image.Constants.Length + 1];
        long length = 0;
        for (var i = 0; i < image.Constants.Length; i++)
        {
            var content = image.Constants[i];
            var shared = blobs.AlignmentOf(content);
            var alignment = shared == 0 ? ConstantAlignment : SegmentTable.Common(ProgramImage.SegmentAlignment, shared);
            offsets[i + 1] = SegmentTable.AlignUp(length, alignment);
            segments.Place(offsets[i + 1], content, Math.Max(shared, 1));
            placed.Add(content, i);
            length = offsets[i + 1] + content.Length;
        }

        if (length == 0 && image.Constants.Length > 0)
        {
            // Constants that are all empty: ExecuTorch's loaders take an empty constant segment for the deprecated form.
            length = ConstantAlignment;
        }

        segments.AddRange(0, length);
        return offsets;
    }

    private static long[] AddMutableData(ProgramImage image, SegmentTable segments)
    {
        var offsets = new long[image.MutableData.Length + 1];
        var start = segments.NextOffset(1);
        long length = 0;
        for (var i = 0; i < image.MutableData.Length; i++)
        {
            offsets[i + 1] = length;
            segments.Place(start + length, image.MutableData[i]);
            length += image.MutableData[i].Length;
        }

        if (length > 0)
        {
            segments.AddRange(start, length);
        }

        return offsets;
    }

    // Where each delegate's payload is, plan by plan. Empty payloads stay inside the FlatBuffer.
    private static List<List<(bool IsSegment, int Index)>> AddPayloads(ProgramImage image, SegmentTable segments, out int inlineCount)
    {
        var known = new ContentIndex(image.SharesContent);
        var result = new List<List<(bool, int)>>();
        inlineCount = 0;
        foreach (var plan in image.Plans)
        {
            var ofPlan = new List<(bool, int)>();
            foreach (var item in plan.Delegates)
            {
                if (item.Processed.Length == 0)
                {
                    ofPlan.Add((false, inlineCount++));
                    continue;
                }

                if (!known.TryGet(item.Processed, out var index))
                {
                    index = segments.Add(item.Processed);
                    known.Add(item.Processed, index);
                }

                ofPlan.Add((true, index));
            }

            result.Add(ofPlan);
        }

        return result;
    }

    private static byte[] Build(
        ProgramImage image, SegmentTable segments, long[] constantOffsets, long[] mutableOffsets, List<List<(bool IsSegment, int Index)>> payloads, int inlineCount, int[] named)
    {
        var flat = new ContainerFlatBuffer();
        var builder = flat.Builder;
        var writer = new PlanWriter(flat);
        var plans = builder.CreateOffsetVector([.. image.Plans.Select((plan, i) => writer.Write(plan, payloads[i]))]);
        var constantBuffer = builder.CreateOffsetVector([]);
        var inline = builder.CreateOffsetVector([.. Enumerable.Range(0, inlineCount).Select(_ => InlineData(builder))]);
        var segmentTables = flat.Segments(segments);
        var constants = Offsets(flat, 0, constantOffsets);
        // The constant segment is the first one, the mutable data the second one.
        var mutable = image.MutableData.All(item => item.Length == 0) ? 0 : builder.CreateOffsetVector([Offsets(flat, 1, mutableOffsets)]);
        var namedData = image.NamedData.IsEmpty ? 0 : builder.CreateOffsetVector([.. image.NamedData.Select((item, i) => NamedData(flat, item.Key, named[i]))]);
        builder.StartTable(8);
        builder.AddOffset(1, plans);
        builder.AddOffset(2, constantBuffer);
        builder.AddOffset(3, inline);
        builder.AddOffset(4, segmentTables);
        builder.AddOffset(5, constants);
        flat.Offset(6, mutable);
        flat.Offset(7, namedData);
        return builder.Finish(builder.EndTable(), "ET12");
    }

    private static int InlineData(FlatBufferBuilder builder)
    {
        var data = builder.CreateVector([], 1, ConstantAlignment);
        builder.StartTable(1);
        builder.AddOffset(0, data);
        return builder.EndTable();
    }

    private static int Offsets(ContainerFlatBuffer flat, int segment, long[] offsets)
    {
        var items = flat.Int64s(offsets);
        flat.Builder.StartTable(2);
        flat.Int32(0, segment);
        flat.Builder.AddOffset(1, items);
        return flat.Builder.EndTable();
    }

    private static int NamedData(ContainerFlatBuffer flat, string key, int segment)
    {
        var text = flat.String(key);
        flat.Builder.StartTable(2);
        flat.Builder.AddOffset(0, text);
        flat.Int32(1, segment);
        return flat.Builder.EndTable();
    }
}
