using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Tests.Import;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class ExportedProgramTextTests
{
    [Fact]
    public void AMethodIsReadable()
    {
        var text = ExportedProgramText.Write(ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")).GetMethod("peek"));
        Assert.Equal("""
            method peek
              parameter %p_a_weight: float32 [3, 4] = "a.weight"
              parameter %p_a_bias: float32 [3] = "a.bias"
              parameter %p_b_weight: float32 [3, 4] = "b.weight"
              parameter %p_b_bias: float32 [3] = "b.bias"
              buffer %b_total: float32 [3] = "total"
              non-persistent buffer %b_scale: float32 [3] = "scale"
              input %x: float32 [s77[1..16], 4]
              input %count traced as 3
              %linear: float32 [s77[1..16], 3] = aten::linear(input=%x, weight=%p_b_weight, bias=%p_b_bias)
              %mul: float32 [3] = aten::mul.Tensor(self=%b_total, other=3)
              %add: float32 [s77[1..16], 3] = aten::add.Tensor(self=%linear, other=%mul)
              return %add

            """, text);
    }

    [Fact]
    public void EqualProgramsGiveEqualText()
    {
        string Text() => ExportedProgramText.Write(ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")));
        Assert.Equal(Text(), Text());
    }

    [Fact]
    public void EveryKindOfArgumentIsWritten()
    {
        var branch = new ExportedGraph([new GraphValue("a", TensorSpec.Contiguous(ScalarType.Float, 2))], [], [new GraphArgument.Reference("a")]);
        var node = new GraphNode("n", "test::op", "",
        [
            new("none", new GraphArgument.None()), new("int", new GraphArgument.Int(-1)), new("float", new GraphArgument.Float(2)), new("inf", new GraphArgument.Float(double.NegativeInfinity)),
            new("bool", new GraphArgument.Bool(true)), new("text", new GraphArgument.Text("a\"b\n")), new("type", new GraphArgument.DataType(ScalarType.Half)),
            new("option", new GraphArgument.Option("device", "cpu")), new("complex", new GraphArgument.Complex(1, 0.5)),
            new("list", new GraphArgument.List([new GraphArgument.Int(1), new GraphArgument.None()])), new("symbol", new GraphArgument.Symbolic(SymbolicInt.Symbol("s0", 1, 4))),
            new("graph", new GraphArgument.Subgraph(branch)),
        ], []);
        var method = new ExportedMethod("forward", new ExportedGraph([], [node], []), new GraphSignature([], []));
        Assert.Equal("""
            method forward
              test::op(none=None, int=-1, float=2.0, inf=-Infinity, bool=True, text="a\"b\n", type=float16, option=cpu, complex=(1.0 + 0.5j), list=[1, None], symbol=s0[1..4], graph={
                input %a: float32 [2]
                return %a
              }) as n

            """, ExportedProgramText.Write(method));
    }
}
