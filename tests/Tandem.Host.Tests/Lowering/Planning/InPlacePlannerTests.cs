using Tandem.Host.Tests.Lowering.Emission;
using Tandem.Sdk;
using Xunit;
using static Tandem.Host.Tests.Lowering.Emission.EdgeGraph;

namespace Tandem.Host.Tests.Lowering.Planning;

public sealed class InPlacePlannerTests
{
    private static EdgeGraph Cache(bool isReadAfterwards) => Put(new EdgeGraph().Buffer("cache", Float(4, 2)).Input("row", Float(1, 2)).Input("at", Long(1)), isReadAfterwards);

    private static EdgeGraph Put(EdgeGraph graph, bool isReadAfterwards)
    {
        graph.Node("aten::index_put", "new", Float(4, 2), ("self", Ref("cache")), ("indices", Refs("at")), ("values", Ref("row")));
        return isReadAfterwards ? graph.Add("new", "cache", "y", Float(4, 2)).Mutation("cache", "new").Output("y")
            : graph.Relu("new", "y", Float(4, 2)).Mutation("cache", "new").Output("y");
    }

    private static float[] Step(Emitted program, long at, params float[] row)
    {
        var method = program.Method();
        method.SetInput<float>(0, row, [1, 2]);
        method.SetInput<long>(1, [at], [1]);
        method.Execute();
        return method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    [Fact]
    public void A_row_is_written_into_a_cache_without_copying_it()
    {
        using var program = new Emitted(Emit(Cache(isReadAfterwards: false)));
        Assert.Equal(["aten::index_put_", "aten::relu.out"], program.Calls());
        Step(program, 1, 5, 6);
        Assert.Equal([0, 0, 5, 6, 0, 0, 7, 8], Step(program, 3, 7, 8));
        // The result, which may lie over the inputs; nothing of the cache's size for its new value.
        Assert.Equal([0, 32, 32], program.Plan().PlannedBufferSizes);
    }

    [Fact]
    public void Values_that_are_added_up_at_their_places_are_written_in_place_by_the_general_operator()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Buffer("sums", Float(4, 2)).Input("row", Float(1, 2)).Input("at", Long(1))
            .Node("aten::index_put", "new", Float(4, 2), ("self", Ref("sums")), ("indices", Refs("at")), ("values", Ref("row")), ("accumulate", new GraphArgument.Bool(true)))
            .Relu("new", "y", Float(4, 2)).Mutation("sums", "new").Output("y")));
        Assert.Equal(["aten::index_put.out", "aten::relu.out"], program.Calls());
        Step(program, 1, 5, 6);
        Assert.Equal([0, 0, 12, 14, 0, 0, 0, 0], Step(program, 1, 7, 8));
    }

    [Fact]
    public void A_cache_whose_old_value_is_read_afterwards_is_copied()
    {
        using var program = new Emitted(Emit(Cache(isReadAfterwards: true)));
        Assert.Equal(["aten::index_put.out", "aten::add.out", "aten::copy_"], program.Calls());
        Step(program, 1, 5, 6);
        Assert.Equal([0, 0, 10, 12, 0, 0, 7, 8], Step(program, 3, 7, 8));
    }

    [Fact]
    public void Element_wise_operators_write_over_operands_that_nobody_reads_any_more()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(16)).Relu("x", "a", Float(16)).Add("a", "x", "b", Float(16))
            .Node("aten::exp", "c", Float(16), ("self", Ref("b"))).Relu("c", "y", Float(16)).Output("y")));
        Assert.Equal([0, 128], program.Plan().PlannedBufferSizes);
        Assert.Equal(Enumerable.Repeat(MathF.Exp(2), 16), program.Run("forward", ([.. Enumerable.Repeat(1f, 16)], [16]))[0]);
    }

    [Fact]
    public unsafe void A_result_may_be_planned_over_an_input_and_the_callers_memory_is_bound_all_the_same()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(4)).Relu("x", "a", Float(4)).Node("aten::neg", "n", Float(4), ("self", Ref("a")))
            .Node("aten::view_copy", "y", Float(2, 2), ("self", Ref("n")), ("size", Ints(2, 2))).Output("y")));
        Assert.Equal([0, 16], program.Plan().PlannedBufferSizes);
        float* mine = stackalloc float[8];
        for (var i = 0; i < 4; i++)
        {
            mine[i] = i - 1;
        }

        var method = program.Method();
        method.BindInput(0, mine, [4]);
        method.BindOutput(0, mine + 4, 16);
        for (var round = 0; round < 2; round++)
        {
            method.Execute();
            Assert.Equal([-1, 0, 1, 2, 0, 0, -1, -2], new ReadOnlySpan<float>(mine, 8).ToArray());
        }
    }

    [Fact]
    public void An_input_that_is_returned_or_read_later_is_not_written_over()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(2)).Relu("x", "a", Float(2)).Add("a", "x", "y", Float(2)).Output("y", "x")));
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal([[-1, 4], [-1, 2]], program.Run("forward", ([-1, 2], [2])));
        }
    }

    [Fact]
    public void A_view_that_broadcasts_over_its_own_base_is_not_written_over()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(1, 3)).Relu("x", "a", Float(1, 3))
            .Node("aten::view_copy", "v", Float(3, 1), ("self", Ref("a")), ("size", Ints(3, 1)))
            .Add("a", "v", "y", Float(3, 3)).Output("y")));
        Assert.Equal([[2, 3, 4, 3, 4, 5, 4, 5, 6]], program.Run("forward", ([1, 2, 3], [1, 3])));
        using var square = new Emitted(Emit(new EdgeGraph().Input("x", Float(2, 2)).Relu("x", "a", Float(2, 2))
            .Node("aten::view_copy", "v", Float(4), ("self", Ref("a")), ("size", Ints(4)))
            .Node("aten::view_copy", "w", Float(1, 2, 2), ("self", Ref("v")), ("size", Ints(1, 2, 2)))
            .Add("w", "a", "y", Float(1, 2, 2)).Output("y")));
        Assert.Equal([[2, 4, 6, 8]], square.Run("forward", ([1, 2, 3, 4], [2, 2])));
    }
}
