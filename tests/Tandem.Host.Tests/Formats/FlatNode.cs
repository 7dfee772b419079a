using System.Buffers.Binary;
using Tandem.FlatBuffers;

namespace Tandem.Host.Tests.Formats;

/// <summary>A table as slot -> byte, short, int, uint, long, ulong, double, string, byte[], int[], long[], double[], FlatNode or FlatNode[].</summary>
internal sealed class FlatNode : SortedDictionary<int, object?>
{
    /// <summary>A program's FlatBuffer without segments.</summary>
    public byte[] Program() => Finish("ET12");

    /// <summary>A program with the extended header and a segment area.</summary>
    public byte[] Program(byte[] segments)
    {
        var flat = Finish("ET12");
        var programSize = flat.Length + 32;
        var start = (programSize + 127) / 128 * 128;
        var file = new byte[start + segments.Length];
        BinaryPrimitives.WriteInt32LittleEndian(file, BinaryPrimitives.ReadInt32LittleEndian(flat) + 32);
        flat.AsSpan(4, 4).CopyTo(file.AsSpan(4));
        "eh00"u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), 32);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(16), programSize);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(24), start);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), segments.Length);
        flat.AsSpan(8).CopyTo(file.AsSpan(40));
        segments.CopyTo(file, start);
        return file;
    }

    /// <summary>A data file (.ptd) with a segment area.</summary>
    public byte[] DataFile(byte[] segments)
    {
        var flat = Finish("FT01");
        var start = (48 + flat.Length + 127) / 128 * 128;
        var file = new byte[start + segments.Length];
        BinaryPrimitives.WriteInt32LittleEndian(file, BinaryPrimitives.ReadInt32LittleEndian(flat) + 48);
        flat.AsSpan(4, 4).CopyTo(file.AsSpan(4));
        "FH01"u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), 40);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(16), 48);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(24), flat.Length);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), start);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(40), segments.Length);
        flat.AsSpan(8).CopyTo(file.AsSpan(56));
        segments.CopyTo(file, start);
        return file;
    }

    private byte[] Finish(string identifier)
    {
        var builder = new FlatBufferBuilder();
        return builder.Finish(Write(builder, new Dictionary<object, int>(ReferenceEqualityComparer.Instance)), identifier);
    }

    // One object written twice is one place in the buffer: hostile programs share tables and vectors.
    private int Write(FlatBufferBuilder builder, Dictionary<object, int> written)
    {
        var children = this.Where(item => item.Value is string or Array or FlatNode).ToDictionary(item => item.Key, item => Child(builder, item.Value!, written));
        builder.StartTable(Count == 0 ? 0 : Keys.Max() + 1);
        foreach (var (slot, value) in this)
        {
            switch (value)
            {
                case null: break;
                case byte b: builder.AddByte(slot, b); break;
                case bool b: builder.AddByte(slot, b ? (byte)1 : (byte)0); break;
                case short s: builder.AddInt16(slot, s); break;
                case int i: builder.AddInt32(slot, i); break;
                case uint u: builder.AddInt32(slot, (int)u); break;
                case long l: builder.AddInt64(slot, l); break;
                case ulong l: builder.AddInt64(slot, (long)l); break;
                case double d: builder.AddDouble(slot, d); break;
                default: builder.AddOffset(slot, children[slot]); break;
            }
        }

        return builder.EndTable();
    }

    private static int Child(FlatBufferBuilder builder, object value, Dictionary<object, int> written)
    {
        if (!written.TryGetValue(value, out var offset))
        {
            offset = value switch
            {
                string text => builder.CreateString(text),
                byte[] bytes => builder.CreateVector(bytes, 1, 16),
                int[] ints => builder.CreateVector(ints),
                long[] longs => builder.CreateVector(longs),
                double[] doubles => builder.CreateVector(doubles),
                FlatNode node => node.Write(builder, written),
                FlatNode[] nodes => builder.CreateOffsetVector([.. nodes.Select(node => Child(builder, node, written))]),
                _ => throw new NotSupportedException(value.GetType().Name),
            };
            written.Add(value, offset);
        }

        return offset;
    }
}
