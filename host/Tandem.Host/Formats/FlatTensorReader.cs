using System.Collections.Immutable;
using Tandem.FlatBuffers;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Reads and verifies a .ptd (FlatTensor) file.</summary>
public static class FlatTensorReader
{
    /// <summary>Reads a data file.</summary>
    /// <param name="source">The file; the model refers to ranges of it and keeps no reference.</param>
    /// <returns>The verified index.</returns>
    /// <exception cref="TandemException">A code from 1001 to 2008, with the file's name.</exception>
    public static unsafe FlatTensorModel Read(DataSource source)
    {
        try
        {
            source.ThrowIfChanged();
            var (end, segmentBase, dataSize) = ContainerHeader.ReadDataHeader(
                new ReadOnlySpan<byte>(source.Pointer, (int)Math.Min(source.Length, 64)), source.Length);
            if (end > int.MaxValue)
            {
                throw new TandemException(ErrorCode.ProgramLimitExceeded, "the index is too large for a FlatBuffer",
                    new ErrorDetails { Expected = "less than 2 GiB", Found = $"{end} bytes" });
            }

            var buffer = new ReadOnlySpan<byte>(source.Pointer, (int)end);
            var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
            var vector = root.ReadVector(1, 4);
            var segments = ImmutableArray.CreateBuilder<DataRange>(vector.Count);
            for (var i = 0; i < vector.Count; i++)
            {
                var table = root.TableAt(vector, i);
                segments.Add(ProgramReader.SegmentRange(table.ReadUInt64(0), table.ReadUInt64(1), segmentBase, Math.Min(source.Length, segmentBase + dataSize), i));
            }

            source.ThrowIfChanged();
            return new FlatTensorModel(source.Name, source.Length, root.ReadUInt32(0), end, segmentBase,
                ProgramReader.ReadNamedData(root, segments.MoveToImmutable(), hasLayouts: true, slot: 2));
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { File = source.Name });
        }
    }
}
