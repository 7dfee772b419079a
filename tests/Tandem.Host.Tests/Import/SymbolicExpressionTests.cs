using System.Collections.Immutable;
using Tandem.Host.Import.Models;
using Tandem.Host.Import.Symbols;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Import;

public sealed class SymbolicExpressionTests
{
    private const string S = "Symbol('s0', positive=True, integer=True)";
    private const string T = "Symbol('s1', positive=True, integer=True)";

    [Theory]
    [InlineData("Integer(-3)", "-3")]
    [InlineData(S, "s0")]
    [InlineData($"Mul(Integer(128), {S})", "128*s0")]
    [InlineData($"Add(Mul(Integer(512), {S}), Integer(-512))", "512*s0 - 512")]
    [InlineData($"Add(Integer(1), {S}, {S})", "2*s0 + 1")]
    [InlineData($"Mul(Integer(-1), {S})", "-s0")]
    [InlineData($"Mul({T}, {S}, Integer(2))", "2*s0*s1")]
    [InlineData($"Pow({S}, Integer(2))", "s0*s0")]
    [InlineData($"Mul(Integer(2), Add({S}, Integer(1)))", "2*s0 + 2")]
    [InlineData($"Mul({T}, Add({S}, Integer(1)))", "(s0 + 1)*s1")]
    [InlineData($"FloorDiv(Add({S}, Integer(1)), Integer(2))", "(s0 + 1)//2")]
    [InlineData($"Mul(Integer(3), FloorDiv({S}, Integer(2)))", "3*(s0//2)")]
    [InlineData($"Add({T}, FloorDiv({S}, Integer(2)))", "s0//2 + s1")]
    [InlineData($"PythonMod({S}, Integer(4))", "s0%4")]
    [InlineData($"Max(Integer(1), {S}, {T})", "Max(Max(1, s0), s1)")]
    [InlineData($"CeilDiv({S}, Integer(4))", "CeilDiv(s0, 4)")]
    [InlineData("FloorDiv(Integer(-7), Integer(2))", "-4")]
    [InlineData($"Add({S}, Mul(Integer(-1), {S}))", "0")]
    public void SreprBecomesInfixNotation(string text, string expected) => Assert.Equal(expected, SymbolicExpressionParser.Parse(text).ToString());

    [Theory]
    [InlineData(S, 2, 8)]
    [InlineData($"Add(Mul(Integer(3), {S}), Integer(-3))", 3, 21)]
    [InlineData($"FloorDiv({S}, Integer(3))", 0, 2)]
    [InlineData($"CeilDiv({S}, Integer(3))", 1, 3)]
    [InlineData($"Mod({S}, Integer(4))", 0, 3)]
    [InlineData($"Mod({S}, Integer(16))", 2, 8)]
    [InlineData($"Max(Integer(4), {S})", 4, 8)]
    [InlineData($"Min(Integer(4), {S})", 2, 4)]
    [InlineData($"Mul({S}, {T})", 2, long.MaxValue)]
    [InlineData(T, 1, long.MaxValue)]
    [InlineData("Symbol('u7', integer=True)", 0, long.MaxValue)]
    [InlineData($"Pow({S}, Integer(6))", 64, 262144)]
    [InlineData($"ModularIndexing({S}, Integer(2), Integer(3))", 0, 2)]
    public void RangesFollowFromTheSymbols(string text, long minimum, long maximum)
    {
        var scope = new SymbolScope(ImmutableDictionary<string, SymbolicRange>.Empty.Add("s0", new(2, 8)));
        var value = scope.ToInteger(scope.Parse(text), isSize: true);
        Assert.Equal((minimum, maximum), (value.Minimum, value.Maximum));
    }

    [Fact]
    public void TheNotationIsTheOneOfSymbolicArithmetic()
    {
        var scope = new SymbolScope(ImmutableDictionary<string, SymbolicRange>.Empty);
        SymbolicInt Read(string text) => scope.ToInteger(scope.Parse(text), isSize: true);
        Assert.True(Read($"Add(Mul(Integer(3), {S}), Integer(-3))").IsSameAs((Read(S) - 1) * 3));
        Assert.True(Read($"Mul(Integer(3), FloorDiv({S}, Integer(2)))").IsSameAs(Read(S) / 2 * 3));
        Assert.True(Read($"Mul({S}, {T})").IsSameAs(Read(T) * Read(S)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Integer(")]
    [InlineData("Integer(99999999999999999999)")]
    [InlineData("Symbol('s0'")]
    [InlineData("Symbol('s 0')")]
    [InlineData("Mul(Integer(4611686018427387904), Integer(4))")]
    [InlineData("Integer(1) x")]
    public void WhatIsNoExpressionIsNamed(string text) => Expect.Error(ErrorCode.ExportedProgramInvalid, () => SymbolicExpressionParser.Parse(text));

    [Fact]
    public void UnknownFunctionsAreNamed()
    {
        var error = Expect.Error(ErrorCode.ExportedProgramNotSupported, () => SymbolicExpressionParser.Parse($"sin({S})"));
        Assert.Contains("sin", error.Message);
    }

    [Fact]
    public void NestingIsLimited()
    {
        var text = string.Concat(Enumerable.Repeat("Max(Integer(1),", 100)) + S + new string(')', 100);
        Expect.Error(ErrorCode.ExportedProgramInvalid, () => SymbolicExpressionParser.Parse(text));
        var tower = string.Concat(Enumerable.Repeat("Pow(Add(", 30)) + S + string.Concat(Enumerable.Repeat(",Integer(1)),Integer(4))", 30));
        Assert.True(SymbolicExpressionParser.Parse(tower).ToString().Length < 1000);
    }

    [Theory]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 12, 4, 1 }, new byte[] { 0, 1, 2 }, true)]
    [InlineData(new long[] { 3, 4 }, new long[] { 1, 3 }, new byte[] { 1, 0 }, true)]
    [InlineData(new long[] { 2, 3, 4, 5 }, new long[] { 60, 1, 15, 3 }, new byte[] { 0, 2, 3, 1 }, true)]
    [InlineData(new long[] { 2, 3, 4, 5, 6 }, new long[] { 360, 1, 90, 18, 3 }, new byte[] { 0, 2, 3, 4, 1 }, true)]
    [InlineData(new long[] { 1, 1, 4, 5 }, new long[] { 20, 1, 5, 1 }, new byte[] { 0, 1, 2, 3 }, true)]
    [InlineData(new long[] { 2, 3 }, new long[] { 0, 1 }, new byte[] { 1, 0 }, false)]
    [InlineData(new long[] { 2, 3 }, new long[] { 6, 1 }, new byte[] { 0, 1 }, false)]
    [InlineData(new long[] { 0, 3 }, new long[] { 17, 5 }, new byte[] { 0, 1 }, true)]
    [InlineData(new long[] { 4, 2, 3 }, new long[] { 1, 12, 4 }, new byte[] { 1, 2, 0 }, true)]
    [InlineData(new long[] { }, new long[] { }, new byte[] { }, true)]
    public void DimOrderFollowsFromStrides(long[] sizes, long[] strides, byte[] dimOrder, bool isDense)
    {
        var spec = TensorMetaReader.Create(ScalarType.Float, sizes, strides, 0);
        Assert.Equal(dimOrder, spec.DimOrder);
        Assert.Equal(isDense, spec.Strides.IsDefault);
    }
}
