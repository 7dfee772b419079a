using Tandem.Host.Lowering.Planning;
using Tandem.Host.Tests.Lowering.Emission;
using Tandem.Sdk;
using Xunit;
using static Tandem.Host.Tests.Lowering.Emission.EdgeGraph;

namespace Tandem.Host.Tests.Lowering.Planning;

public sealed class NodeOrderTests
{
    private static EdgeGraph Graph() => new EdgeGraph().Input("x", Float(64)).Parameter("v", Floats(new float[64], 64)).Parameter("w", Floats([.. Enumerable.Repeat(2f, 64)], 64))
        .Node("aten::exp", "v1", Float(64), ("self", Ref("v"))).Node("aten::exp", "w1", Float(64), ("self", Ref("w"))).Relu("w1", "w2", Float(64))
        .Node("aten::exp", "unused", Float(64), ("self", Ref("v")))
        .Node("aten::mul.Tensor", "a", Float(64), ("self", Ref("x")), ("other", Ref("v1")))
        .Node("aten::mul.Tensor", "y", Float(64), ("self", Ref("a")), ("other", Ref("w2"))).Output("y", "w1");

    [Fact]
    public void What_constants_alone_give_is_computed_where_it_is_first_read()
    {
        var nodes = NodeOrder.Sink(Graph().Method().Method);
        Assert.Equal(["v1", "a", "w1", "w2", "y", "unused"], nodes.Select(node => node.Name));
    }

    [Fact]
    public void Fewer_bytes_are_wanted_at_one_time_and_the_values_stay()
    {
        using var program = new Emitted(Emit(Graph()));
        Assert.InRange(program.Plan().PlannedBufferSizes[1], 256, 3 * 256);
        var result = program.Run("forward", ([.. Enumerable.Repeat(3f, 64)], [64]));
        Assert.All(result[0], value => Assert.Equal(3 * MathF.Exp(2), value, 1e-4f));
        Assert.All(result[1], value => Assert.Equal(MathF.Exp(2), value, 1e-5f));
    }

    [Fact]
    public void Draws_of_random_numbers_stay_in_their_order()
    {
        var graph = new EdgeGraph().Input("x", Float(2)).Node("aten::rand", "r", Float(2), ("size", Ints(2))).Relu("x", "a", Float(2)).Add("a", "r", "y", Float(2)).Output("y");
        Assert.Equal(["r", "a", "y"], NodeOrder.Sink(graph.Method().Method).Select(node => node.Name));
    }
}
