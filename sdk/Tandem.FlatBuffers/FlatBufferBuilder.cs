using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Tandem.Sdk;

namespace Tandem.FlatBuffers;

/// <summary>Writes a FlatBuffer, children before parents. The same calls give the same bytes.</summary>
/// <remarks>
/// <para>Offsets that methods return count from the end of the buffer and are valid in this builder only.</para>
/// <para>Threading: one builder on one thread.</para>
/// </remarks>
public sealed class FlatBufferBuilder
{
    private readonly Dictionary<string, int> _vtables = new(StringComparer.Ordinal);
    private byte[] _bytes = new byte[1024];
    private int[] _fields = [];
    private int _used;
    private int _alignment = 4;
    private int _tableEnd = -1;

    /// <summary>Bytes written so far.</summary>
    public int Length => _used;

    /// <summary>Writes a UTF-8 string.</summary>
    /// <param name="text">The string.</param>
    /// <returns>Its offset.</returns>
    public int CreateString(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Prepare(4, bytes.Length + 1);
        Put([0]);
        Put(bytes);
        return PutInt32(bytes.Length);
    }

    /// <summary>Writes a vector of scalars, given as little-endian bytes.</summary>
    /// <param name="elements">The bytes of the elements.</param>
    /// <param name="elementSize">Bytes of one element.</param>
    /// <param name="alignment">Alignment of the first element, a power of two; the element size if that is more.</param>
    /// <returns>Its offset.</returns>
    public int CreateVector(ReadOnlySpan<byte> elements, int elementSize = 1, int alignment = 1)
    {
        if (elementSize < 1 || elements.Length % elementSize != 0 || alignment < 1 || (alignment & (alignment - 1)) != 0)
        {
            throw Misuse("a vector's element size or alignment is impossible", $"{elements.Length} bytes, elements of {elementSize}, aligned to {alignment}");
        }

        RefuseInsideTable();
        Prepare(4, elements.Length);
        Prepare(Math.Max(elementSize, alignment), elements.Length);
        Put(elements);
        return PutInt32(elements.Length / elementSize);
    }

    /// <summary>Writes a vector of 32 bit integers.</summary>
    /// <param name="items">The integers.</param>
    /// <returns>Its offset.</returns>
    public int CreateVector(ReadOnlySpan<int> items) => CreateVector(MemoryMarshal.AsBytes(items), 4);

    /// <summary>Writes a vector of 64 bit integers.</summary>
    /// <param name="items">The integers.</param>
    /// <returns>Its offset.</returns>
    public int CreateVector(ReadOnlySpan<long> items) => CreateVector(MemoryMarshal.AsBytes(items), 8);

    /// <summary>Writes a vector of 64 bit floats.</summary>
    /// <param name="items">The floats.</param>
    /// <returns>Its offset.</returns>
    public int CreateVector(ReadOnlySpan<double> items) => CreateVector(MemoryMarshal.AsBytes(items), 8);

    /// <summary>Writes a vector of tables or strings.</summary>
    /// <param name="offsets">Their offsets.</param>
    /// <returns>The vector's offset.</returns>
    public int CreateOffsetVector(ReadOnlySpan<int> offsets)
    {
        RefuseInsideTable();
        Prepare(4, offsets.Length * 4);
        for (var i = offsets.Length - 1; i >= 0; i--)
        {
            PutReference(offsets[i]);
        }

        return PutInt32(offsets.Length);
    }

    /// <summary>Begins a table; nothing else may begin until <see cref="EndTable"/>.</summary>
    /// <param name="slots">Number of fields of its schema.</param>
    public void StartTable(int slots)
    {
        RefuseInsideTable();
        _fields = new int[slots];
        _tableEnd = _used;
    }

    /// <summary>Adds a byte, truth value or enum of one byte to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="value">The value.</param>
    public void AddByte(int slot, byte value) => AddScalar(slot, [value]);

    /// <summary>Adds a 16 bit integer to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="value">The value.</param>
    public void AddInt16(int slot, short value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16LittleEndian(bytes, value);
        AddScalar(slot, bytes);
    }

    /// <summary>Adds a 32 bit integer to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="value">The value.</param>
    public void AddInt32(int slot, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        AddScalar(slot, bytes);
    }

    /// <summary>Adds a 64 bit integer to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="value">The value.</param>
    public void AddInt64(int slot, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        AddScalar(slot, bytes);
    }

    /// <summary>Adds a 32 bit float to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="value">The value.</param>
    public void AddSingle(int slot, float value) => AddInt32(slot, BitConverter.SingleToInt32Bits(value));

    /// <summary>Adds a 64 bit float to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="value">The value.</param>
    public void AddDouble(int slot, double value) => AddInt64(slot, BitConverter.DoubleToInt64Bits(value));

    /// <summary>Adds a reference to a table, string or vector to the table.</summary>
    /// <param name="slot">Index of the field.</param>
    /// <param name="offset">Offset of what it refers to.</param>
    public void AddOffset(int slot, int offset)
    {
        CheckSlot(slot);
        Prepare(4, 0);
        PutReference(offset);
        _fields[slot] = _used;
    }

    /// <summary>Ends the table.</summary>
    /// <returns>Its offset.</returns>
    public int EndTable()
    {
        if (_tableEnd < 0)
        {
            throw Misuse("no table was begun", "EndTable");
        }

        Prepare(4, 0);
        var table = PutInt32(0);
        var slots = _fields.Length;
        while (slots > 0 && _fields[slots - 1] == 0)
        {
            slots--;
        }

        var vtable = new byte[4 + (slots * 2)];
        BinaryPrimitives.WriteUInt16LittleEndian(vtable, checked((ushort)vtable.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(vtable.AsSpan(2), checked((ushort)(table - _tableEnd)));
        for (var i = 0; i < slots; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(vtable.AsSpan(4 + (i * 2)), checked((ushort)(_fields[i] == 0 ? 0 : table - _fields[i])));
        }

        var key = Convert.ToHexString(vtable);
        if (!_vtables.TryGetValue(key, out var at))
        {
            Prepare(2, vtable.Length);
            Put(vtable);
            at = _used;
            _vtables.Add(key, at);
        }

        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_bytes.Length - table), at - table);
        _tableEnd = -1;
        return table;
    }

    /// <summary>Ends the buffer.</summary>
    /// <param name="root">Offset of the root table.</param>
    /// <param name="identifier">File identifier of four ASCII characters.</param>
    /// <returns>The buffer; its start must be placed at the largest alignment that was asked for.</returns>
    public byte[] Finish(int root, string identifier)
    {
        if (identifier.Length != 4 || !Ascii.IsValid(identifier))
        {
            throw Misuse("a file identifier has four ASCII characters", identifier);
        }

        RefuseInsideTable();
        Prepare(_alignment, 8);
        Put(Encoding.ASCII.GetBytes(identifier));
        PutReference(root);
        return _bytes.AsSpan(_bytes.Length - _used).ToArray();
    }

    private static TandemException Misuse(string problem, string found) =>
        new(ErrorCode.ArgumentInvalid, problem, new ErrorDetails { Location = nameof(FlatBufferBuilder), Found = found });

    private void RefuseInsideTable()
    {
        if (_tableEnd >= 0)
        {
            throw Misuse("children are written before their table is begun", "a table that was not ended");
        }
    }

    private void CheckSlot(int slot)
    {
        if (_tableEnd < 0 || (uint)slot >= (uint)_fields.Length)
        {
            throw Misuse("a field does not belong to the table", $"slot {slot}");
        }
    }

    private void AddScalar(int slot, ReadOnlySpan<byte> value)
    {
        CheckSlot(slot);
        Prepare(value.Length, 0);
        Put(value);
        _fields[slot] = _used;
    }

    // Pads so that what follows `additional` bytes from here is aligned.
    private void Prepare(int alignment, int additional)
    {
        _alignment = Math.Max(_alignment, alignment);
        var padding = -(_used + additional) & (alignment - 1);
        Reserve((long)padding);
        _used += padding;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        _used += bytes.Length;
        bytes.CopyTo(_bytes.AsSpan(_bytes.Length - _used));
    }

    private int PutInt32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Put(bytes);
        return _used;
    }

    private void PutReference(int offset)
    {
        if (offset <= 0 || offset > _used)
        {
            throw Misuse("an offset is not one of this builder", offset.ToString());
        }

        PutInt32(_used + 4 - offset);
    }

    private void Reserve(long more)
    {
        if (_used + more <= _bytes.Length)
        {
            return;
        }

        if (_used + more > Array.MaxLength)
        {
            throw new TandemException(ErrorCode.ProgramLimitExceeded, "a FlatBuffer is too large", new ErrorDetails { Expected = "less than 2 GiB", Found = $"{_used + more} bytes" });
        }

        var grown = new byte[Math.Min(Math.Max(_bytes.Length * 2L, _used + more), Array.MaxLength)];
        _bytes.AsSpan(_bytes.Length - _used).CopyTo(grown.AsSpan(grown.Length - _used));
        _bytes = grown;
    }
}
