using System.Buffers.Binary;
using System.Text;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Writes FlatBuffers parent first; small and slow, and independent of the reader under test.</summary>
internal sealed class FlatWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>A table: slot -> byte, short, int, uint, ulong, float, string, uint[], byte[], Table or Table[].</summary>
    internal sealed class Table : SortedDictionary<int, object>
    {
    }

    public static byte[] Write(Table root, string identifier)
    {
        var writer = new FlatWriter();
        writer._bytes.AddRange(new byte[4]);
        writer._bytes.AddRange(Encoding.ASCII.GetBytes(identifier));
        writer.Patch(0, writer.WriteTable(root));
        return [.. writer._bytes];
    }

    private int WriteTable(Table table)
    {
        var slots = table.Count == 0 ? 0 : table.Keys.Max() + 1;
        Align(2);
        var vtable = _bytes.Count;
        _bytes.AddRange(new byte[4 + (2 * slots)]);
        Align(8);
        var start = _bytes.Count;
        _bytes.AddRange(new byte[8]);
        PutInt(start, start - vtable);
        var children = new List<(int At, object Value)>();
        foreach (var (slot, value) in table)
        {
            var size = value switch { byte => 1, short => 2, ulong => 8, _ => 4 };
            Align(size);
            var at = _bytes.Count;
            _bytes.AddRange(new byte[size]);
            PutShort(vtable + 4 + (2 * slot), at - start);
            switch (value)
            {
                case byte b:
                    _bytes[at] = b;
                    break;
                case short s:
                    PutShort(at, s);
                    break;
                case int i:
                    PutInt(at, i);
                    break;
                case uint u:
                    PutInt(at, unchecked((int)u));
                    break;
                case float f:
                    PutInt(at, BitConverter.SingleToInt32Bits(f));
                    break;
                case ulong l:
                    PutInt(at, unchecked((int)l));
                    PutInt(at + 4, unchecked((int)(l >> 32)));
                    break;
                default:
                    children.Add((at, value));
                    break;
            }
        }

        PutShort(vtable, 4 + (2 * slots));
        PutShort(vtable + 2, _bytes.Count - start);
        foreach (var (at, value) in children)
        {
            Patch(at, WriteChild(value));
        }

        return start;
    }

    private int WriteChild(object value)
    {
        if (value is Table table)
        {
            return WriteTable(table);
        }

        Align(value is byte[]? 16 : 4);
        if (value is byte[])
        {
            _bytes.AddRange(new byte[12]);
        }

        var start = _bytes.Count;
        switch (value)
        {
            case string text:
                PutCount(Encoding.UTF8.GetByteCount(text));
                _bytes.AddRange(Encoding.UTF8.GetBytes(text));
                _bytes.Add(0);
                break;
            case uint[] numbers:
                PutCount(numbers.Length);
                foreach (var number in numbers)
                {
                    _bytes.AddRange(BitConverter.GetBytes(number));
                }

                break;
            case byte[] bytes:
                PutCount(bytes.Length);
                _bytes.AddRange(bytes);
                break;
            case Table[] tables:
                PutCount(tables.Length);
                _bytes.AddRange(new byte[4 * tables.Length]);
                for (var i = 0; i < tables.Length; i++)
                {
                    Patch(start + 4 + (4 * i), WriteTable(tables[i]));
                }

                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }

        return start;
    }

    private void PutCount(int count) => _bytes.AddRange(BitConverter.GetBytes(count));

    private void Patch(int at, int target) => PutInt(at, target - at);

    private void Align(int alignment)
    {
        while (_bytes.Count % alignment != 0)
        {
            _bytes.Add(0);
        }
    }

    private void PutInt(int at, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        for (var i = 0; i < 4; i++)
        {
            _bytes[at + i] = bytes[i];
        }
    }

    private void PutShort(int at, int value)
    {
        _bytes[at] = (byte)value;
        _bytes[at + 1] = (byte)(value >> 8);
    }
}
