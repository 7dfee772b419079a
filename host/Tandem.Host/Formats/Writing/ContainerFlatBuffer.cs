using System.Runtime.InteropServices;
using Tandem.FlatBuffers;

namespace Tandem.Host.Formats;

/// <summary>
/// The FlatBuffer part of a container. Equal strings, vectors of integers and (where the caller says so) tables are written once; scalars at their
/// default are left out, as every FlatBuffers writer does.
/// </summary>
internal sealed class ContainerFlatBuffer
{
    private readonly Dictionary<string, int> _strings = new(StringComparer.Ordinal);
    private readonly Dictionary<(char Kind, string Bytes), int> _vectors = [];
    private readonly Dictionary<object, int> _tables = [];

    internal FlatBufferBuilder Builder { get; } = new();

    internal int String(string text) => Once(_strings, text, () => Builder.CreateString(text));

    internal int Bytes(ReadOnlySpan<byte> items) => Vector('b', items, 1);

    internal int Int32s(ReadOnlySpan<int> items) => Vector('i', MemoryMarshal.AsBytes(items), 4);

    internal int Int64s(ReadOnlySpan<long> items) => Vector('l', MemoryMarshal.AsBytes(items), 8);

    internal int Doubles(ReadOnlySpan<double> items) => Vector('d', MemoryMarshal.AsBytes(items), 8);

    /// <summary>A table that equal keys share.</summary>
    internal int Table(object key, Func<int> write) => Once(_tables, key, write);

    internal void Byte(int slot, byte value)
    {
        if (value != 0)
        {
            Builder.AddByte(slot, value);
        }
    }

    internal void Int32(int slot, int value)
    {
        if (value != 0)
        {
            Builder.AddInt32(slot, value);
        }
    }

    internal void UInt32(int slot, uint value) => Int32(slot, unchecked((int)value));

    internal void Int64(int slot, long value)
    {
        if (value != 0)
        {
            Builder.AddInt64(slot, value);
        }
    }

    internal void Double(int slot, double value)
    {
        // Minus zero is not the default.
        if (BitConverter.DoubleToInt64Bits(value) != 0)
        {
            Builder.AddDouble(slot, value);
        }
    }

    internal void Offset(int slot, int offset)
    {
        if (offset != 0)
        {
            Builder.AddOffset(slot, offset);
        }
    }

    /// <summary>The vector of DataSegment tables.</summary>
    internal int Segments(SegmentTable segments)
    {
        var tables = new int[segments.Segments.Count];
        for (var i = 0; i < tables.Length; i++)
        {
            Builder.StartTable(2);
            Int64(0, segments.Segments[i].Offset);
            Int64(1, segments.Segments[i].Length);
            tables[i] = Builder.EndTable();
        }

        return Builder.CreateOffsetVector(tables);
    }

    private int Vector(char kind, ReadOnlySpan<byte> bytes, int elementSize)
    {
        var key = (kind, Convert.ToHexString(bytes));
        if (!_vectors.TryGetValue(key, out var offset))
        {
            offset = Builder.CreateVector(bytes, elementSize);
            _vectors.Add(key, offset);
        }

        return offset;
    }

    private static int Once<TKey>(Dictionary<TKey, int> known, TKey key, Func<int> write)
        where TKey : notnull
    {
        if (!known.TryGetValue(key, out var offset))
        {
            offset = write();
            known.Add(key, offset);
        }

        return offset;
    }
}
