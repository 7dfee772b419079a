using System.Buffers.Binary;
using System.Text;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Identifiers and extended headers of .pte and .ptd files.</summary>
internal static class ContainerHeader
{
    private const int IdentifierOffset = 4;
    private const int HeaderOffset = 8;

    /// <summary>Reads the extended header of a .pte; null if there is none.</summary>
    internal static ExtendedHeader? ReadProgramHeader(ReadOnlySpan<byte> head, long fileLength)
    {
        CheckIdentifier(head, "ET12", "an ExecuTorch program (.pte)");
        if (head.Length < HeaderOffset + 24 || !head.Slice(HeaderOffset, 4).SequenceEqual("eh00"u8))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(head[(HeaderOffset + 4)..]);
        if (length < 24 || length > fileLength - HeaderOffset)
        {
            throw Invalid("the extended header's length is impossible", HeaderOffset + 4, "24 or more, inside the file", length.ToString());
        }

        var programSize = ReadSize(head, 16);
        var segmentBase = ReadSize(head, 24);
        var dataSize = length >= 32 && head.Length >= HeaderOffset + 32 ? ReadSize(head, 32) : 0;
        if (programSize > fileLength)
        {
            throw Truncated("the program", programSize, fileLength);
        }

        if (segmentBase != 0 && segmentBase < programSize)
        {
            throw Invalid("segments start inside the program", 24, $"{programSize} or more", segmentBase.ToString());
        }

        // Old headers do not say how long the segments are; each segment is checked on its own.
        if (segmentBase > fileLength || dataSize > fileLength - segmentBase)
        {
            throw Truncated("the segments", segmentBase + (Int128)dataSize, fileLength);
        }

        if (programSize < HeaderOffset + 24)
        {
            throw Invalid("the program is shorter than its header", 16, $"{HeaderOffset + 24} or more", programSize.ToString());
        }

        return new ExtendedHeader((int)length, programSize, segmentBase, dataSize);
    }

    /// <summary>Reads the header of a .ptd.</summary>
    internal static (long FlatBufferEnd, long SegmentBase, long SegmentDataSize) ReadDataHeader(ReadOnlySpan<byte> head, long fileLength)
    {
        CheckIdentifier(head, "FT01", "an ExecuTorch data file (.ptd)");
        if (head.Length < HeaderOffset + 40 || !head.Slice(HeaderOffset, 4).SequenceEqual("FH01"u8))
        {
            throw Invalid("the data file has no header", HeaderOffset, "FH01 and 40 bytes", Text(head, HeaderOffset));
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(head[(HeaderOffset + 4)..]);
        if (length < 40)
        {
            throw Invalid("the header's length is impossible", HeaderOffset + 4, "40 or more", length.ToString());
        }

        var (offset, size, segmentBase, dataSize) = (ReadSize(head, 16), ReadSize(head, 24), ReadSize(head, 32), ReadSize(head, 40));
        if (offset > fileLength || size > fileLength - offset)
        {
            throw Truncated("the index", offset + (Int128)size, fileLength);
        }

        if (segmentBase > fileLength || dataSize > fileLength - segmentBase)
        {
            throw Truncated("the segments", segmentBase + (Int128)dataSize, fileLength);
        }

        return (offset + size, segmentBase, dataSize);
    }

    private static void CheckIdentifier(ReadOnlySpan<byte> head, string identifier, string what)
    {
        if (head.Length < 8)
        {
            throw new TandemException(ErrorCode.SourceTruncated, "the file is too short", new ErrorDetails { Expected = what, Found = $"{head.Length} bytes" });
        }

        if (Ascii.Equals(head.Slice(IdentifierOffset, 4), identifier))
        {
            return;
        }

        var found = Text(head, IdentifierOffset);
        var (code, problem, next) = found switch
        {
            "BP08" => (ErrorCode.FormatNotSupported, "this is a bundled program (.bpte): a program with test inputs around it", "take the .pte out of it, or export without bundling"),
            "ET12" => (ErrorCode.FormatNotRecognised, "this is a program (.pte), not a data file", "give it as the model"),
            "FT01" => (ErrorCode.FormatNotRecognised, "this is a data file (.ptd), not a program", "give it with --data, beside its program"),
            ['E', 'T', ..] => (ErrorCode.FormatNotSupported, "this is a program of another schema version", "export it with an ExecuTorch that writes ET12"),
            _ => (ErrorCode.FormatNotRecognised, "this is no such file", "check that the path is right"),
        };
        throw new TandemException(code, problem, new ErrorDetails
        {
            Location = $"byte {IdentifierOffset}",
            Expected = $"{identifier}: {what}",
            Found = found,
            NextStep = next,
        });
    }

    private static string Text(ReadOnlySpan<byte> head, int offset) =>
        string.Concat(Encoding.Latin1.GetString(head.Slice(offset, Math.Min(4, head.Length - offset))).Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\x{(int)c:x2}"));

    private static long ReadSize(ReadOnlySpan<byte> head, int offset)
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(head[offset..]);
        return value <= long.MaxValue ? (long)value : throw Invalid("a size in the header is impossible", offset, "less than 2^63", value.ToString());
    }

    private static TandemException Invalid(string problem, int offset, string expected, string found) => new(ErrorCode.HeaderInvalid, problem,
        new ErrorDetails { Location = $"byte {offset}", Expected = expected, Found = found, NextStep = "get or write the file anew" });

    private static TandemException Truncated(string what, Int128 end, long fileLength) => new(ErrorCode.SourceTruncated, $"the file ends before {what} that its header declares",
        new ErrorDetails { Expected = $"{end} bytes or more", Found = $"{fileLength} bytes", NextStep = "get the file anew: it was cut short" });
}
