using Tandem.Host.Lowering;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class NodeNamesTests
{
    [Theory]
    [InlineData("aten::linear", "0-2 5", "linear", "linear_1", "linear_2", "linear_5")]
    [InlineData("aten::add.Tensor", "0 '%20 '7 'add_0 'add_01 'add_2_1 3", "add", " ", "7", "add_0", "add_01", "add_2_1", "add_3")]
    [InlineData("aten::relu", "", new string[0])]
    public void Names_are_short_and_come_back(string op, string text, params string[] names)
    {
        Assert.Equal(text, NodeNames.Write(op, names));
        Assert.Equal(names, NodeNames.Read(op, text, 100));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("3-1")]
    [InlineData("0-4000000000")]
    [InlineData("0-2000000000")]
    [InlineData("-1")]
    [InlineData("0-99 0-99")]
    public void Damaged_names_are_refused(string text) => Assert.ThrowsAny<Exception>(() => NodeNames.Read("aten::add", text, 100));
}
