using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tandem.FlatBuffers;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Reads and verifies a .pte: every table that is reachable, then what the program means.</summary>
public static class ProgramReader
{
    private const int MaxFlatBufferBytes = int.MaxValue;
    private const int MaxPlans = 10_000;

    /// <summary>Reads a program.</summary>
    /// <param name="source">The file; the model refers to ranges of it and keeps no reference.</param>
    /// <returns>The verified program.</returns>
    /// <exception cref="TandemException">A code from 1001 to 2008, with the file's name.</exception>
    public static ProgramModel Read(DataSource source)
    {
        try
        {
            source.ThrowIfChanged();
            var model = ReadCore(source);
            source.ThrowIfChanged();
            return model;
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { File = source.Name });
        }
    }

    private static unsafe ProgramModel ReadCore(DataSource source)
    {
        var header = ContainerHeader.ReadProgramHeader(new ReadOnlySpan<byte>(source.Pointer, (int)Math.Min(source.Length, 64)), source.Length);
        var programSize = header?.ProgramSize ?? source.Length;
        if (programSize > MaxFlatBufferBytes)
        {
            throw new TandemException(ErrorCode.ProgramLimitExceeded, "the program part is too large for a FlatBuffer",
                new ErrorDetails { Expected = "less than 2 GiB", Found = $"{programSize} bytes" });
        }

        var buffer = new ReadOnlySpan<byte>(source.Pointer, (int)programSize);
        var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
        var segments = ReadSegments(root, header, source.Length);
        var inlineData = ReadInlineRanges(root, 3);
        var (constants, constantSegment) = ReadConstants(root, segments);
        var context = new PlanContext(segments, inlineData, constants, ReadMutableData(root, segments));
        var plans = ReadPlans(root, context);
        return new ProgramModel
        {
            SourceName = source.Name,
            SourceLength = source.Length,
            Version = root.ReadUInt32(0),
            Header = header,
            Plans = plans,
            Segments = segments,
            Constants = constants,
            ConstantSegmentIndex = constantSegment,
            MutableInitialData = context.MutableInitialData,
            NamedData = ReadNamedData(root, segments, hasLayouts: false, slot: 7),
        };
    }

    internal static ImmutableArray<DataRange> ReadSegments(FlatTable root, ExtendedHeader? header, long fileLength)
    {
        var vector = root.ReadVector(4, 4);
        var segments = ImmutableArray.CreateBuilder<DataRange>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var table = root.TableAt(vector, i);
            segments.Add(SegmentRange(table.ReadUInt64(0), table.ReadUInt64(1), header?.SegmentBaseOffset ?? 0, fileLength, i));
        }

        return segments.MoveToImmutable();
    }

    internal static DataRange SegmentRange(ulong offset, ulong size, long segmentBase, long fileLength, int index)
    {
        // Without a segment area only empty segments make sense (the placeholder that every emitter writes).
        var available = (ulong)(segmentBase == 0 ? 0 : fileLength - segmentBase);
        return offset <= available && size <= available - offset ? new DataRange(segmentBase + (long)offset, (long)size)
            : throw new TandemException(ErrorCode.SegmentOutOfRange, "a segment lies outside the file", new ErrorDetails
            {
                Location = $"segments[{index}]",
                Expected = $"within the {available} bytes after the segment base {segmentBase}",
                Found = $"offset {offset}, size {size}",
                NextStep = "get the file anew: it was cut short or damaged",
            });
    }

    internal static ImmutableArray<NamedDataEntry> ReadNamedData(FlatTable root, ImmutableArray<DataRange> segments, bool hasLayouts, int slot)
    {
        var vector = root.ReadVector(slot, 4);
        var entries = ImmutableArray.CreateBuilder<NamedDataEntry>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var table = root.TableAt(vector, i);
            var key = table.ReadString(0) ?? throw Missing($"named_data[{i}].key");
            var segment = table.ReadUInt32(1);
            if (segment >= segments.Length)
            {
                throw OutOfRange($"named_data[{i}].segment_index", segments.Length, segment);
            }

            TensorLayout? layout = null;
            var range = segments[(int)segment];
            if (hasLayouts && table.Has(2))
            {
                var stored = table.ReadTable(2, "tensor_layout");
                layout = PlanReader.ReadLayout(stored.ReadByte(0), stored.ReadInt32s(1), stored.ReadBytes(2), $"named_data[{i}].tensor_layout");
                if (layout.ByteCount > range.Length)
                {
                    throw new TandemException(ErrorCode.TensorInvalid, "named data is shorter than its layout", new ErrorDetails
                    {
                        Location = key,
                        Expected = $"{layout.ByteCount} bytes for {layout}",
                        Found = $"{range.Length} bytes",
                    });
                }

                range = range with { Length = layout.ByteCount };
            }

            entries.Add(new NamedDataEntry(key, range, (int)segment, layout));
        }

        return entries.MoveToImmutable();
    }

    internal static TandemException Missing(string location) => new(ErrorCode.ProgramFieldMissing, "a field is missing",
        new ErrorDetails { Location = location, Expected = "a value", Found = "nothing", NextStep = "write the file anew" });

    internal static TandemException OutOfRange(string location, long count, long found) => new(ErrorCode.ProgramIndexOutOfRange, "an index refers to nothing",
        new ErrorDetails { Location = location, Expected = count == 0 ? "no index: there is nothing" : $"0 to {count - 1}", Found = found.ToString(), NextStep = "write the file anew" });

    // Vectors of {0 data: [ubyte]} tables: inline delegate payloads and the deprecated constant buffers.
    private static ImmutableArray<DataRange> ReadInlineRanges(FlatTable root, int slot)
    {
        var vector = root.ReadVector(slot, 4);
        var ranges = ImmutableArray.CreateBuilder<DataRange>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var data = root.TableAt(vector, i).ReadVector(0, 1);
            ranges.Add(new DataRange(data.Start, data.Count));
        }

        return ranges.MoveToImmutable();
    }

    private static (ImmutableArray<DataRange> Constants, int Segment) ReadConstants(FlatTable root, ImmutableArray<DataRange> segments)
    {
        var inline = ReadInlineRanges(root, 2);
        if (!root.Has(5))
        {
            return (inline, -1);
        }

        var table = root.ReadTable(5, "constant_segment");
        var segment = table.ReadUInt32(0);
        var offsets = table.ReadVector(1, 8);
        if (offsets.Count == 0)
        {
            return (inline, -1);
        }

        if (offsets.Count > 1 && inline.Length > 0)
        {
            throw new TandemException(ErrorCode.ProgramNotSupported, "the program holds constants in two ways",
                new ErrorDetails { Location = "constant_buffer, constant_segment", Expected = "one of them", Found = "both" });
        }

        return (Offsets(segments, segment, MemoryMarshal.Cast<byte, long>(table.Bytes(offsets, 8)), "constant_segment"), offsets.Count > 1 ? (int)segment : -1);
    }

    private static ImmutableArray<DataRange> ReadMutableData(FlatTable root, ImmutableArray<DataRange> segments)
    {
        var vector = root.ReadVector(6, 4);
        if (vector.Count > 1)
        {
            throw new TandemException(ErrorCode.ProgramNotSupported, "the program has several segments of initial data",
                new ErrorDetails { Location = "mutable_data_segments", Expected = "at most 1, as ExecuTorch reads", Found = vector.Count.ToString() });
        }

        if (vector.Count == 0)
        {
            return [];
        }

        var table = root.TableAt(vector, 0);
        return Offsets(segments, table.ReadUInt32(0), MemoryMarshal.Cast<byte, long>(table.Bytes(table.ReadVector(1, 8), 8)), "mutable_data_segments[0]");
    }

    private static ImmutableArray<DataRange> Offsets(ImmutableArray<DataRange> segments, uint index, ReadOnlySpan<long> offsets, string location)
    {
        if (index >= segments.Length)
        {
            // The placeholder of a program without constants names a segment that may not exist.
            return offsets.Length <= 1 ? [default] : throw OutOfRange($"{location}.segment_index", segments.Length, index);
        }

        var segment = segments[(int)index];
        var ranges = ImmutableArray.CreateBuilder<DataRange>(offsets.Length);
        for (var i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] < 0 || offsets[i] > segment.Length)
            {
                throw new TandemException(ErrorCode.ConstantOutOfRange, "a constant starts outside its segment", new ErrorDetails
                {
                    Location = $"{location}.offsets[{i}]",
                    Expected = $"at most {segment.Length}",
                    Found = ((ulong)offsets[i]).ToString(),
                });
            }

            ranges.Add(new DataRange(segment.Offset + offsets[i], segment.Length - offsets[i]));
        }

        return ranges.MoveToImmutable();
    }

    private static ImmutableArray<ExecutionPlanModel> ReadPlans(FlatTable root, PlanContext context)
    {
        var vector = root.ReadVector(1, 4);
        if (!vector.IsPresent)
        {
            throw Missing("execution_plan");
        }

        if (vector.Count > MaxPlans)
        {
            throw new TandemException(ErrorCode.ProgramLimitExceeded, "the program has too many methods",
                new ErrorDetails { Location = "execution_plan", Expected = $"at most {MaxPlans}", Found = vector.Count.ToString() });
        }

        var plans = ImmutableArray.CreateBuilder<ExecutionPlanModel>(vector.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < vector.Count; i++)
        {
            var plan = new PlanReader(context, $"execution_plan[{i}]").Read(root.TableAt(vector, i));
            if (!names.Add(plan.Name))
            {
                throw new TandemException(ErrorCode.ProgramNotSupported, "two methods have one name",
                    new ErrorDetails { Location = $"execution_plan[{i}].name", Expected = "unique names", Found = plan.Name });
            }

            plans.Add(plan);
        }

        return plans.MoveToImmutable();
    }
}
