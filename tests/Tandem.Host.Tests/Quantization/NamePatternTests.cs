using Tandem.Host.Quantization;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Quantization;

public sealed class NamePatternTests
{
    [Theory]
    [InlineData("m.layers.0.attention.wo", "m.layers.0.attention.wo", true)]
    [InlineData("layers.*.wo", "m.layers.0.attention.wo", true)]
    [InlineData("wo", "m.layers.0.attention.wo", true)]
    [InlineData("o", "m.layers.0.attention.wo", false)]
    [InlineData("attention.w?", "m.layers.0.attention.wq", true)]
    [InlineData("w?", "m.layers.0.attention.w", false)]
    [InlineData("*", "output", true)]
    [InlineData("layers.*", "m.output", false)]
    [InlineData("*.*.wq*", "a.b.wq.wq.x", true)]
    [InlineData("", "a", false)]
    [InlineData("**", "a.b", true)]
    public void A_pattern_is_the_whole_name_or_its_end_after_a_dot(string pattern, string name, bool matches) => Assert.Equal(matches, NamePattern.Matches(pattern, name));

    [Fact]
    public void A_hostile_pattern_ends() => Assert.False(NamePattern.Matches(string.Concat(Enumerable.Repeat("a*", 2000)) + "b", new string('a', 4000)));

    [Fact]
    public void Rules_are_read_with_scheme_and_group()
    {
        Assert.Equal(new QuantizationRule("layers.*.wo", QuantizationScheme.Int8DynamicActivationInt8Weight), QuantizationRule.Parse("layers.*.wo=8da8w"));
        Assert.Equal(new QuantizationRule("a=b", QuantizationScheme.Int8DynamicActivationInt4Weight) { GroupSize = 64 }, QuantizationRule.Parse("a=b=8da4w:64"));
        Assert.Equal(0, QuantizationRule.Parse("output=8da4w:channel").GroupSize);
        foreach (var text in (string[])["output", "output=", "=8da4w", "output=8da2w", "output=8da4w:", "output=8da4w:x"])
        {
            Assert.Equal(ErrorCode.ArgumentInvalid, Assert.Throws<TandemException>(() => QuantizationRule.Parse(text)).Code);
        }
    }
}
