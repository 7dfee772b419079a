using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Tandem.Sdk;

namespace Tandem.FlatBuffers;

/// <summary>
/// A table of a FlatBuffer. Every read is checked against the buffer: offsets, lengths, alignment, vtables, terminated UTF-8 strings. A buffer
/// needs no verification before it is read, and reading everything that is reachable is verifying it.
/// </summary>
/// <remarks>
/// A field may lie beyond the table size that its vtable declares: ExecuTorch's writer shares vtables between tables of different sizes, so only
/// the end of the buffer bounds a field.
/// </remarks>
public readonly ref struct FlatTable
{
    private readonly ReadOnlySpan<byte> _buffer;
    private readonly FlatLimits _limits;
    private readonly int _position;
    private readonly int _vtable;
    private readonly int _vtableLength;

    private FlatTable(ReadOnlySpan<byte> buffer, FlatLimits limits, long position)
    {
        _buffer = buffer;
        _limits = limits;
        _position = Check(buffer, position, 4, 4);
        limits.CountTable(_position);
        _vtable = Check(buffer, (long)_position - BinaryPrimitives.ReadInt32LittleEndian(buffer[_position..]), 4, 2);
        _vtableLength = BinaryPrimitives.ReadUInt16LittleEndian(buffer[_vtable..]);
        if (_vtableLength < 4 || (_vtableLength & 1) != 0)
        {
            throw Invalid("a vtable's length is impossible", _vtable, "an even number from 4", _vtableLength.ToString());
        }

        Check(buffer, _vtable, _vtableLength, 2);
    }

    /// <summary>Offset of the table in the buffer, for messages.</summary>
    public int Position => _position;

    /// <summary>The root table of a buffer.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="limits">Limits of this buffer.</param>
    /// <returns>The table.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.FlatBufferInvalid"/>, as from every other member.</exception>
    public static FlatTable Root(ReadOnlySpan<byte> buffer, FlatLimits limits)
    {
        Check(buffer, 0, 8, 1);
        return new FlatTable(buffer, limits, BinaryPrimitives.ReadUInt32LittleEndian(buffer));
    }

    /// <summary>Whether a field is present.</summary>
    /// <param name="slot">Index of the field in its schema.</param>
    /// <returns>True if the table stores it.</returns>
    public bool Has(int slot) => Field(slot, 1) >= 0;

    /// <summary>An unsigned byte, or a truth value or enum of one byte.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public byte ReadByte(int slot, byte defaultValue = 0) => Field(slot, 1) is >= 0 and var at ? _buffer[at] : defaultValue;

    /// <summary>A 16 bit integer.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public short ReadInt16(int slot, short defaultValue = 0) =>
        Field(slot, 2) is >= 0 and var at ? BinaryPrimitives.ReadInt16LittleEndian(_buffer[at..]) : defaultValue;

    /// <summary>A 32 bit integer.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public int ReadInt32(int slot, int defaultValue = 0) =>
        Field(slot, 4) is >= 0 and var at ? BinaryPrimitives.ReadInt32LittleEndian(_buffer[at..]) : defaultValue;

    /// <summary>An unsigned 32 bit integer.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public uint ReadUInt32(int slot, uint defaultValue = 0) => (uint)ReadInt32(slot, (int)defaultValue);

    /// <summary>A 64 bit integer.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public long ReadInt64(int slot, long defaultValue = 0) =>
        Field(slot, 8) is >= 0 and var at ? BinaryPrimitives.ReadInt64LittleEndian(_buffer[at..]) : defaultValue;

    /// <summary>An unsigned 64 bit integer.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public ulong ReadUInt64(int slot, ulong defaultValue = 0) => (ulong)ReadInt64(slot, (long)defaultValue);

    /// <summary>A 32 bit float.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public float ReadSingle(int slot, float defaultValue = 0) =>
        Field(slot, 4) is >= 0 and var at ? BinaryPrimitives.ReadSingleLittleEndian(_buffer[at..]) : defaultValue;

    /// <summary>A 64 bit float.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="defaultValue">The value if the field is absent.</param>
    /// <returns>The value.</returns>
    public double ReadDouble(int slot, double defaultValue = 0) =>
        Field(slot, 8) is >= 0 and var at ? BinaryPrimitives.ReadDoubleLittleEndian(_buffer[at..]) : defaultValue;

    /// <summary>The table that a field refers to.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="name">Name of the field, for messages.</param>
    /// <returns>The table.</returns>
    /// <exception cref="TandemException">Also if the field is absent.</exception>
    public FlatTable ReadTable(int slot, string name) => Field(slot, 4) is >= 0 and var at ? Follow(at)
        : throw Invalid($"the field '{name}' is missing", _position, "a table", "nothing");

    /// <summary>A vector.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="elementSize">Bytes of one element; 4 for vectors of tables and strings.</param>
    /// <returns>The vector; empty if the field is absent.</returns>
    public FlatVector ReadVector(int slot, int elementSize)
    {
        var field = Field(slot, 4);
        if (field < 0)
        {
            return default;
        }

        var at = Check(_buffer, field + (long)BinaryPrimitives.ReadUInt32LittleEndian(_buffer[field..]), 4, 4);
        long count = BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]);
        Check(_buffer, at + 4L, count * elementSize, count == 0 ? 1 : elementSize);
        _limits.CountBytes(count * elementSize, at);
        return new FlatVector(at + 4, (int)count, true);
    }

    /// <summary>The table at an index of a vector of tables.</summary>
    /// <param name="vector">A vector read with element size 4.</param>
    /// <param name="index">Index under its count.</param>
    /// <returns>The table.</returns>
    public FlatTable TableAt(FlatVector vector, int index) => Follow(vector.Start + (index * 4));

    /// <summary>The bytes of a vector.</summary>
    /// <param name="vector">A vector of this buffer.</param>
    /// <param name="elementSize">Bytes of one element.</param>
    /// <returns>The bytes.</returns>
    public ReadOnlySpan<byte> Bytes(FlatVector vector, int elementSize) => _buffer.Slice(vector.Start, vector.Count * elementSize);

    /// <summary>Copies a vector of little-endian 32 bit integers.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <returns>The integers; empty if the field is absent.</returns>
    public int[] ReadInt32s(int slot)
    {
        var vector = ReadVector(slot, 4);
        var items = new int[vector.Count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = BinaryPrimitives.ReadInt32LittleEndian(_buffer[(vector.Start + (i * 4))..]);
        }

        return items;
    }

    /// <summary>Copies a vector of little-endian 64 bit integers.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <returns>The integers; empty if the field is absent.</returns>
    public long[] ReadInt64s(int slot)
    {
        var vector = ReadVector(slot, 8);
        var items = new long[vector.Count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = BinaryPrimitives.ReadInt64LittleEndian(_buffer[(vector.Start + (i * 8))..]);
        }

        return items;
    }

    /// <summary>Copies a vector of bytes.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <returns>The bytes; empty if the field is absent.</returns>
    public byte[] ReadBytes(int slot) => Bytes(ReadVector(slot, 1), 1).ToArray();

    /// <summary>A string.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <returns>The string, or null if the field is absent.</returns>
    public string? ReadString(int slot)
    {
        var vector = ReadVector(slot, 1);
        if (!vector.IsPresent)
        {
            return null;
        }

        var end = vector.Start + vector.Count;
        if (end >= _buffer.Length || _buffer[end] != 0)
        {
            throw Invalid("a string is not terminated", vector.Start, "a zero byte after its end", "none");
        }

        var bytes = _buffer[vector.Start..end];
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Invalid("a string is not UTF-8", vector.Start, "UTF-8", "other bytes");
    }

    internal static TandemException Invalid(string problem, long position, string expected, string found) => new(ErrorCode.FlatBufferInvalid, problem, new ErrorDetails
    {
        Location = $"byte {position} of the FlatBuffer",
        Expected = expected,
        Found = found,
        NextStep = "get or write the file anew: it is damaged",
    });

    private FlatTable Follow(int at) => new(_buffer, _limits, at + (long)BinaryPrimitives.ReadUInt32LittleEndian(_buffer[at..]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Field(int slot, int size)
    {
        var entry = 4 + (slot * 2);
        if (entry + 2 > _vtableLength)
        {
            return -1;
        }

        int offset = BinaryPrimitives.ReadUInt16LittleEndian(_buffer[(_vtable + entry)..]);
        return offset == 0 ? -1 : Check(_buffer, (long)_position + offset, size, size);
    }

    private static int Check(ReadOnlySpan<byte> buffer, long position, long length, int alignment) =>
        position >= 0 && length >= 0 && length <= buffer.Length && position <= buffer.Length - length && position % alignment == 0 ? (int)position
        : throw Invalid("an offset leaves the buffer or is misaligned", position, $"{length} bytes inside {buffer.Length}, aligned to {alignment}", $"offset {position}");
}
