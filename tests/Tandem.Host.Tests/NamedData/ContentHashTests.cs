using Tandem.Host.NamedData;
using Xunit;

namespace Tandem.Host.Tests.NamedData;

public sealed unsafe class ContentHashTests
{
    public static TheoryData<int> Lengths => [0, 1, 7, 8, 63, 64, 127, 128, 129, 1023, 1024, 1025, 1152, 4096, 100_003];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Equal_bytes_have_one_hash_wherever_they_lie_and_whatever_registers_there_are(int length)
    {
        var first = Sources.Bytes(length + 1, 3);
        var second = new byte[length + 9];
        first.AsSpan(0, length).CopyTo(second.AsSpan(5));
        fixed (byte* a = first, b = second)
        {
            Assert.Equal(ContentHash.Compute(a, length), ContentHash.Compute(b + 5, length));
            Assert.Equal(ContentHash.Compute(a, length), ContentHash.Compute(a, length, isWide: false));
            Assert.NotEqual(ContentHash.Compute(a, length), ContentHash.Compute(a, length + 1));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_bit_counts(int length)
    {
        var bytes = Sources.Bytes(length, 4);
        var seen = new HashSet<UInt128>();
        fixed (byte* data = bytes)
        {
            seen.Add(ContentHash.Compute(data, length));
            var count = 1;
            for (var i = 0; i < length; i += Math.Max(1, length / 500))
            {
                for (var bit = 0; bit < 8; bit++, count++)
                {
                    data[i] ^= (byte)(1 << bit);
                    seen.Add(ContentHash.Compute(data, length));
                    data[i] ^= (byte)(1 << bit);
                }
            }

            Assert.Equal(count, seen.Count);
        }
    }

    [Fact]
    public void Zeros_of_other_lengths_and_steps_in_another_order_have_other_hashes()
    {
        var zeros = new byte[3000];
        var seen = new HashSet<UInt128>();
        fixed (byte* data = zeros)
        {
            for (var length = 0; length <= zeros.Length; length++)
            {
                seen.Add(ContentHash.Compute(data, length));
            }
        }

        Assert.Equal(zeros.Length + 1, seen.Count);

        var bytes = Sources.Bytes(4096, 5);
        var swapped = (byte[])bytes.Clone();
        bytes.AsSpan(0, 128).CopyTo(swapped.AsSpan(128));
        bytes.AsSpan(128, 128).CopyTo(swapped);
        fixed (byte* a = bytes, b = swapped)
        {
            Assert.NotEqual(ContentHash.Compute(a, 4096), ContentHash.Compute(b, 4096));
        }
    }
}
