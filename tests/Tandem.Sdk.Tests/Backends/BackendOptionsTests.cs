using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Backends;

public sealed class BackendOptionsTests
{
    private readonly BackendOptions _options = new([new("Threads", "2"), new("threads", "4"), new("Fast", "True"), new("Name", "x"), new("Empty", "")]);

    [Fact]
    public void Names_have_no_case_and_the_later_counts()
    {
        Assert.Equal(4, _options.GetInt("THREADS", 1));
        Assert.True(_options.GetBool("fast", false));
        Assert.Equal("x", _options.GetString("name"));
        Assert.Equal(4, _options.Names.Count());
    }

    [Fact]
    public void What_is_not_set_has_the_callers_default()
    {
        Assert.Equal((3, true, "d"), (_options.GetInt("absent", 3), _options.GetBool("absent", true), _options.GetString("absent", "d")));
        Assert.Null(_options.GetString("absent"));
        Assert.Empty(BackendOptions.Empty.Names);
    }

    [Theory]
    [InlineData("Name")]
    [InlineData("Empty")]
    public void What_cannot_be_read_is_refused_by_name(string name)
    {
        Assert.Equal(name, Expect.Error(ErrorCode.ConfigurationInvalid, () => _options.GetInt(name, 1)).Details.Location);
        Assert.Equal(name, Expect.Error(ErrorCode.ConfigurationInvalid, () => _options.GetBool(name, true)).Details.Location);
    }
}
