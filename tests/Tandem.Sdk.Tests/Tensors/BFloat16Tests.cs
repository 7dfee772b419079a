using CsCheck;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Tensors;

public sealed class BFloat16Tests
{
    [Theory]
    [InlineData(0x3F800000u, 0x3F80)]
    [InlineData(0x3F808000u, 0x3F80)]
    [InlineData(0x3F808001u, 0x3F81)]
    [InlineData(0x3F818000u, 0x3F82)]
    [InlineData(0x3F817FFFu, 0x3F81)]
    [InlineData(0x80000000u, 0x8000)]
    [InlineData(0x00000001u, 0x0000)]
    [InlineData(0x7F7FFFFFu, 0x7F80)]
    [InlineData(0xFF7FFFFFu, 0xFF80)]
    [InlineData(0x7F800000u, 0x7F80)]
    [InlineData(0x7F800001u, 0x7FC0)]
    [InlineData(0x7FFFFFFFu, 0x7FC0)]
    [InlineData(0xFFFFFFFFu, 0x7FC0)]
    public void Rounds_half_to_even_and_keeps_infinity_and_nan(uint value, int expected) =>
        Assert.Equal(expected, ((BFloat16)BitConverter.UInt32BitsToSingle(value)).Bits);

    [Fact]
    public void Widening_and_rounding_back_is_the_identity()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var value = new BFloat16((ushort)bits);
            Assert.Equal(float.IsNaN((float)value) ? 0x7FC0 : bits, ((BFloat16)(float)value).Bits);
        }
    }

    [Fact]
    public void No_neighbour_is_nearer() => Gen.Float[-1e30f, 1e30f].Sample(value =>
    {
        var rounded = (BFloat16)value;
        var error = Math.Abs((double)(float)rounded - value);
        foreach (var neighbour in new[] { new BFloat16((ushort)(rounded.Bits + 1)), new BFloat16((ushort)(rounded.Bits - 1)) })
        {
            var other = Math.Abs((double)(float)neighbour - value);
            Assert.True(double.IsNaN(other) || double.IsInfinity(error) || error <= other);
        }
    }, iter: 2000);
}
