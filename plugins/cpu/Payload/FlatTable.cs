using System.Buffers.Binary;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>A table of a FlatBuffer; every read is checked against the buffer, so nothing has to be verified before.</summary>
internal readonly ref struct FlatTable
{
    // Lists and strings may overlap in a hostile buffer; short ones cannot add up to much.
    private const int MaxInts = 32;
    private const int MaxText = 1024;

    private readonly ReadOnlySpan<byte> _buffer;
    private readonly int _position;
    private readonly int _vtable;
    private readonly int _vtableLength;
    private readonly int _tableLength;

    private FlatTable(ReadOnlySpan<byte> buffer, long position)
    {
        _buffer = buffer;
        _position = Check(buffer, position, 4, 4);
        _vtable = Check(buffer, (long)_position - BinaryPrimitives.ReadInt32LittleEndian(buffer[_position..]), 4, 2);
        _vtableLength = BinaryPrimitives.ReadUInt16LittleEndian(buffer[_vtable..]);
        _tableLength = BinaryPrimitives.ReadUInt16LittleEndian(buffer[(_vtable + 2)..]);
        if (_vtableLength < 4 || (_vtableLength & 1) != 0 || _tableLength < 4)
        {
            throw Invalid("a table's lengths are impossible", _vtable);
        }

        Check(buffer, _vtable, _vtableLength, 2);
        Check(buffer, _position, _tableLength, 4);
    }

    /// <summary>The root table.</summary>
    public static FlatTable Root(ReadOnlySpan<byte> buffer)
    {
        Check(buffer, 0, 8, 1);
        return new FlatTable(buffer, BinaryPrimitives.ReadUInt32LittleEndian(buffer));
    }

    public bool Has(int slot) => Field(slot, 1) >= 0;

    public byte Byte(int slot) => Field(slot, 1) is >= 0 and var at ? _buffer[at] : (byte)0;

    public short Short(int slot) => Field(slot, 2) is >= 0 and var at ? BinaryPrimitives.ReadInt16LittleEndian(_buffer[at..]) : (short)0;

    public uint UInt(int slot) => Field(slot, 4) is >= 0 and var at ? BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]) : 0;

    public ulong ULong(int slot) => Field(slot, 8) is >= 0 and var at ? BinaryPrimitives.ReadUInt64LittleEndian(_buffer[at..]) : 0;

    public float Float(int slot) => Field(slot, 4) is >= 0 and var at ? BinaryPrimitives.ReadSingleLittleEndian(_buffer[at..]) : 0;

    /// <summary>The table that a field refers to.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/>: absent or outside.</exception>
    public FlatTable Table(int slot, string name) => new(_buffer, Target(slot, name));

    /// <summary>The table in a vector of tables.</summary>
    public FlatTable TableAt(FlatVector vector, int index)
    {
        var at = vector.Start + (index * 4);
        return new FlatTable(_buffer, at + (long)BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]));
    }

    /// <summary>A vector; empty if it is absent.</summary>
    public FlatVector Vector(int slot, int elementSize)
    {
        if (Field(slot, 4) < 0)
        {
            return default;
        }

        var at = Check(_buffer, Target(slot, "vector"), 4, 4);
        long count = BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]);
        Check(_buffer, at + 4L, count * elementSize, Math.Min(elementSize, 4));
        return new FlatVector(at + 4, (int)count);
    }

    public uint[] UInts(int slot)
    {
        var vector = Vector(slot, 4);
        if (vector.Count > MaxInts)
        {
            throw Invalid("a list is too long", vector.Start);
        }

        var result = new uint[vector.Count];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = BinaryPrimitives.ReadUInt32LittleEndian(_buffer[(vector.Start + (i * 4))..]);
        }

        return result;
    }

    /// <summary>A string, or null if it is absent.</summary>
    public string? Text(int slot)
    {
        if (!Has(slot))
        {
            return null;
        }

        var vector = Vector(slot, 1);
        if (vector.Count > MaxText)
        {
            throw Invalid("a string is too long", vector.Start);
        }

        return Encoding.UTF8.GetString(_buffer.Slice(vector.Start, vector.Count));
    }

    private long Target(int slot, string name)
    {
        var at = Field(slot, 4);
        return at >= 0 ? at + (long)BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]) : throw Invalid($"the field '{name}' is missing", _position);
    }

    private int Field(int slot, int size)
    {
        var entry = 4 + (slot * 2);
        if (entry + 2 > _vtableLength)
        {
            return -1;
        }

        int offset = BinaryPrimitives.ReadUInt16LittleEndian(_buffer[(_vtable + entry)..]);
        return offset == 0 ? -1
            : offset >= 4 && offset + size <= _tableLength ? _position + offset
            : throw Invalid("a field lies outside its table", _vtable + entry);
    }

    private static int Check(ReadOnlySpan<byte> buffer, long position, long length, int alignment) =>
        position >= 0 && length >= 0 && length <= buffer.Length && position <= buffer.Length - length && position % alignment == 0 ? (int)position
        : throw Invalid("an offset leaves the FlatBuffer or is misaligned", position);

    private static TandemException Invalid(string problem, long position) => new(ErrorCode.PayloadInvalid, problem, new ErrorDetails
    {
        Location = $"byte {position} of the payload's FlatBuffer",
        NextStep = "export the program again",
    });
}
