using System.Buffers.Binary;
using System.Text;

namespace Tandem.Benchmarks.Onnx;

/// <summary>Writes one protobuf message: fields of numbers, texts, bytes and messages.</summary>
internal sealed class ProtobufWriter
{
    private const int Varint = 0, Fixed32 = 5, Delimited = 2;
    private readonly MemoryStream _stream = new();

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Bytes => _stream.GetBuffer().AsSpan(0, (int)_stream.Length);

    public void Integer(int field, long value)
    {
        WriteVarint((ulong)((field << 3) | Varint));
        WriteVarint((ulong)value);
    }

    public void Float(int field, float value)
    {
        WriteVarint((ulong)((field << 3) | Fixed32));
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _stream.Write(bytes);
    }

    public void Text(int field, string value) => Data(field, Encoding.UTF8.GetBytes(value));

    public void Message(int field, ProtobufWriter message) => Data(field, message.Bytes);

    public void Data(int field, ReadOnlySpan<byte> bytes)
    {
        WriteVarint((ulong)((field << 3) | Delimited));
        WriteVarint((ulong)bytes.Length);
        _stream.Write(bytes);
    }

    private void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _stream.WriteByte((byte)(value | 0x80));
        }

        _stream.WriteByte((byte)value);
    }
}
