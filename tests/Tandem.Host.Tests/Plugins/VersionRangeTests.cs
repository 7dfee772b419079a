using Tandem.Host.Plugins;
using Xunit;

namespace Tandem.Host.Tests.Plugins;

public sealed class VersionRangeTests
{
    [Theory]
    [InlineData("[1.0,2.0)", "1.0", true)]
    [InlineData("[1.0,2.0)", "1.0.0", true)]
    [InlineData("[1.0,2.0)", "1.99.7", true)]
    [InlineData("[1.0,2.0)", "2.0", false)]
    [InlineData("[1.0,2.0)", "0.9", false)]
    [InlineData("(1.0,2.0]", "1.0", false)]
    [InlineData("(1.0,2.0]", "2.0.0", true)]
    [InlineData("[1.2,)", "9.0", true)]
    [InlineData("(,2.0)", "0.1", true)]
    [InlineData("[1.0]", "1.0.0", true)]
    [InlineData("[1.0]", "1.0.1", false)]
    [InlineData("1.1", "1.2", true)]
    [InlineData("1.1", "1.0", false)]
    public void ContainsIsNuGets(string text, string version, bool expected)
    {
        Assert.True(VersionRange.TryParse(text, out var range));
        Assert.Equal(expected, range.Contains(Version.Parse(version)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("(1.0)")]
    [InlineData("[1.0,2.0,3.0]")]
    [InlineData("[2.0,1.0]")]
    [InlineData("[1.0,2.0")]
    [InlineData("one")]
    [InlineData("[1.0,x]")]
    public void TextThatIsNoRangeIsRefused(string text) => Assert.False(VersionRange.TryParse(text, out _));
}
