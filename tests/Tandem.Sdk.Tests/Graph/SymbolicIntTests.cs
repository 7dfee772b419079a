using Xunit;

namespace Tandem.Sdk.Tests.Graph;

public sealed class SymbolicIntTests
{
    private static readonly SymbolicInt S = SymbolicInt.Symbol("s0", 2, 64);
    private static readonly SymbolicInt T = SymbolicInt.Symbol("s1", 1, 8);

    [Fact]
    public void Arithmetic_with_numbers_gives_numbers()
    {
        SymbolicInt seven = 7;
        Assert.Equal(9, (seven + 2).Value);
        Assert.Equal(3, (seven / 2).Value);
        Assert.Equal(-4, ((0 - seven) / 2).Value);
        Assert.Equal(1, (seven % 2).Value);
        Assert.Equal(21, (seven * 3).Value);
    }

    [Fact]
    public void Expressions_keep_one_notation_and_their_range()
    {
        Assert.Equal("2*s0 + 1[5..129]", ((S * 2) + 1).ToString());
        Assert.Equal("2*s0 + 1[5..129]", (1 + S + S).ToString());
        Assert.Equal("s0*s1 + s1[3..520]", (T * (S + 1)).ToString());
        Assert.Equal("(s0 + 1)//2[1..32]", ((S - 1) / 2 + 1).ToString());
        Assert.Equal("s0**2[4..4096]", (S * S).ToString());
    }

    [Fact]
    public void What_cancels_is_a_number_or_the_operand_itself()
    {
        Assert.Equal(0, (S - S).Value);
        Assert.Equal(4, (S * 4 / S).Value);
        Assert.Same(S, S + 0);
        Assert.Equal(S, S * 12 / 12);
        Assert.Equal(0, (S * 4 % 2).Value);
        Assert.Equal("s0[2..64]", ((2 * S) - S).ToString());
    }

    [Fact]
    public void Ranges_and_differences_decide_minima_and_maxima_where_they_can()
    {
        Assert.Equal(100, SymbolicInt.Max(S, 100).Value);
        Assert.Same(S, SymbolicInt.Min(S, 64));
        Assert.True(SymbolicInt.Min(S, S - 1).IsSameAs(S - 1));
        Assert.Equal(1, SymbolicInt.Max(S - (S - 1), 0).Value);
        Assert.Equal("Min(5, s0)[2..5]", SymbolicInt.Min(S, 5).ToString());
        Assert.Same(S, SymbolicInt.Max(S, S - 1));
    }

    [Fact]
    public void Equal_expressions_are_recognised_in_any_notation()
    {
        Assert.True(SymbolicInt.Symbol("(s0 - 1)//2 + 1", 1, 32).IsSameAs((S + 1) / 2));
        Assert.True(SymbolicInt.Symbol("FloorDiv(s0 - 1, 2) + 1", 1, 32).IsSameAs((S + 1) / 2));
        Assert.False(S.IsSameAs(T));
        Assert.False(S.IsSameAs(64));
    }

    [Fact]
    public void Unbounded_values_stay_unbounded()
    {
        var open = SymbolicInt.Symbol("u0");
        Assert.False(((open * 2) + 5).IsBounded);
        Assert.Equal(5, ((open * 2) + 5).Minimum);
        Assert.True(SymbolicInt.Min(open, 10).IsBounded);
    }

    [Theory]
    [InlineData("s0 +")]
    [InlineData("(s0")]
    [InlineData("s0 s1")]
    [InlineData("s0 // 0")]
    [InlineData("")]
    [InlineData("999999999999999999999999")]
    [InlineData("s0**99999")]
    public void An_expression_that_cannot_be_read_is_refused(string expression)
    {
        var error = Assert.Throws<TandemException>(() => SymbolicInt.Symbol(expression, 0, 9) + 1);
        Assert.Equal(ErrorCode.ArgumentInvalid, error.Code);
    }

    [Fact]
    public void Deep_nesting_and_expressions_without_end_are_refused()
    {
        var deep = SymbolicInt.Symbol(new string('(', 5000) + "s0" + new string(')', 5000), 0, 9);
        Assert.Throws<TandemException>(() => deep + 1);

        var product = S;
        Assert.Throws<TandemException>(() =>
        {
            for (var i = 0; i < 64; i++)
            {
                product *= SymbolicInt.Symbol($"a{i}", 0, 2) + 1;
            }
        });
        Assert.InRange(product.Expression!.Length, 1, 4096);
    }

    [Theory]
    [InlineData("2*((s0 + 1)//2) + 3")]
    [InlineData("(s0%3)*s1")]
    [InlineData("s0//s1 + s0//4")]
    [InlineData("Max(1, s0)//2")]
    [InlineData("(s0*s1)//(s0 + 3)")]
    [InlineData("(s0//3)**2")]
    [InlineData("-s0 + 5")]
    public void What_is_written_reads_back_as_the_same(string expression)
    {
        var value = SymbolicInt.Symbol(expression, -9999, 9999);
        var written = value + 0 + T - T;
        Assert.True(written.IsSameAs(value));
        Assert.Equal(written.Expression, (SymbolicInt.Symbol(written.Expression!, -9999, 9999) + T - T).Expression);
    }

    [Fact]
    public void Overflow_and_divisors_that_may_be_zero_are_refused()
    {
        SymbolicInt most = long.MaxValue - 1;
        Assert.Throws<TandemException>(() => most * 3);
        Assert.Throws<TandemException>(() => S / (T - 1));
        Assert.Throws<TandemException>(() => S % 0);
    }
}
