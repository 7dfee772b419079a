using System.Buffers.Binary;

namespace Tandem.Fuzz;

/// <summary>Damages files where it hurts: headers, offsets, counts, vtables, indices.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly long[] Boundaries =
    [
        0, 1, 2, 4, 7, 15, 16, 17, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536, int.MaxValue - 1, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 32,
        1L << 40, long.MaxValue - 1, long.MaxValue, long.MinValue, -1, -2, -4, -8, -16,
    ];

    private readonly Random _random = new(seed);

    /// <summary>A damaged copy of a file; other gives bytes to splice.</summary>
    public byte[] Mutate(byte[] file, byte[] other)
    {
        var copy = file.ToArray();
        for (var changes = 1 << _random.Next(0, 4); changes > 0 && copy.Length > 16; changes--)
        {
            var index = IndexLength(copy);
            var word = _random.Next(0, index / 4) * 4;
            switch (_random.Next(12))
            {
                case 0:
                    copy[_random.Next(index)] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    copy[_random.Next(index)] = (byte)_random.Next(256);
                    break;
                case 2:
                    Write32(copy, word, (int)Boundaries[_random.Next(Boundaries.Length)]);
                    break;
                case 3:
                    Write64(copy, word, Boundaries[_random.Next(Boundaries.Length)]);
                    break;
                case 4:
                    Write32(copy, word, Read32(copy, word) + _random.Next(-8, 9));
                    break;
                case 5:
                    // An offset to another place of the index: tables and vectors of the wrong type, cycles, sharing.
                    Write32(copy, word, _random.Next(0, index - word + 1) & ~3);
                    break;
                case 6:
                    Write16(copy, word + (_random.Next(2) * 2), (short)_random.Next(0, 64));
                    break;
                case 7:
                    Write32(copy, word, Read32(copy, _random.Next(0, index / 4) * 4));
                    break;
                case 8:
                    copy = copy[.._random.Next(8, copy.Length)];
                    break;
                case 9:
                    var length = _random.Next(1, Math.Min(64, Math.Min(other.Length, copy.Length)));
                    other.AsSpan(_random.Next(0, other.Length - length + 1), length).CopyTo(copy.AsSpan(_random.Next(0, copy.Length - length + 1)));
                    break;
                case 10:
                    // Header fields, all four of them.
                    Write64(copy, 16 + (_random.Next(4) * 8), _random.Next(2) == 0 ? _random.Next(copy.Length + 2) : Boundaries[_random.Next(Boundaries.Length)]);
                    break;
                default:
                    // A vector's count that its bytes may just hold.
                    Write32(copy, word, Math.Max(0, (copy.Length - word - 4) / (1 << _random.Next(4)) + _random.Next(-1, 2)));
                    break;
            }
        }

        return copy;
    }

    private static int IndexLength(byte[] file)
    {
        var isProgram = file.AsSpan(8, 4).SequenceEqual("eh00"u8);
        var isData = file.AsSpan(8, 4).SequenceEqual("FH01"u8);
        var end = isProgram && file.Length >= 24 ? Read64(file, 16) : isData && file.Length >= 32 ? 48 + Read64(file, 24) : file.Length;
        return (int)Math.Clamp(end, 16, file.Length);
    }

    private static int Read32(byte[] file, int at) => at + 4 <= file.Length ? BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at)) : 0;

    private static long Read64(byte[] file, int at) => BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));

    private static void Write16(byte[] file, int at, short value)
    {
        if (at + 2 <= file.Length)
        {
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(at), value);
        }
    }

    private static void Write32(byte[] file, int at, int value)
    {
        if (at + 4 <= file.Length)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        }
    }

    private static void Write64(byte[] file, int at, long value)
    {
        if (at + 8 <= file.Length)
        {
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
        }
    }
}
