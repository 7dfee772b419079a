using Tandem.Host.Import.Symbols;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Export;

public sealed class SympyNotationTests
{
    [Theory]
    [InlineData("s0", "Symbol('s0', positive=True, integer=True)")]
    [InlineData("2*s0 + 1", "Add(Mul(Integer(2), Symbol('s0', positive=True, integer=True)), Integer(1))")]
    [InlineData("-s0 + 3", "Add(Mul(Integer(-1), Symbol('s0', positive=True, integer=True)), Integer(3))")]
    [InlineData("s0//4", "FloorDiv(Symbol('s0', positive=True, integer=True), Integer(4))")]
    [InlineData("(s0 + 1)%3", "PythonMod(Add(Symbol('s0', positive=True, integer=True), Integer(1)), Integer(3))")]
    [InlineData("s0**2*u0", "Mul(Symbol('s0', positive=True, integer=True), Symbol('s0', positive=True, integer=True), Symbol('u0', integer=True))")]
    [InlineData("Max(1, s0)", "Max(Integer(1), Symbol('s0', positive=True, integer=True))")]
    public void An_expression_is_written_as_sympy_does_and_read_as_it_was(string text, string expected)
    {
        var expression = InfixExpressionParser.Parse(text);
        var written = SympyNotation.Write(expression, symbol => symbol[0] == 's');
        Assert.Equal(expected, written);
        Assert.Equal(expression.ToString(), SymbolicExpressionParser.Parse(written).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("s0 +")]
    [InlineData("(s0")]
    [InlineData("s0 s1")]
    [InlineData("9223372036854775807*2")]
    [InlineData("9223372036854775808")]
    public void What_is_no_expression_is_refused(string text) =>
        Assert.Equal(ErrorCode.ExportedProgramInvalid, Assert.Throws<TandemException>(() => InfixExpressionParser.Parse(text)).Code);

    [Fact]
    public void Nesting_is_bounded() =>
        Assert.Throws<TandemException>(() => InfixExpressionParser.Parse(new string('(', 100_000)));
}
