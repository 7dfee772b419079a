using Tandem.Host.Formats.Model;
using Tandem.Sdk;
using Xunit;
using static Tandem.Host.Tests.Lowering.Emission.EdgeGraph;

namespace Tandem.Host.Tests.Lowering.Emission;

public sealed class ControlFlowTests
{
    private static readonly TensorSpec s_bool = new(ScalarType.Bool, [], []);

    private static GraphArgument List(params ReadOnlySpan<string> names) => Refs(names);

    [Fact]
    public void Branches_write_straight_into_the_results_and_only_one_runs()
    {
        var yes = new EdgeGraph().Input("t", Float(2)).Relu("t", "t1", Float(2)).Add("t1", "t", "t2", Float(2)).Output("t2");
        var no = new EdgeGraph().Input("f", Float(2)).Node("aten::neg", "f1", Float(2), ("self", Ref("f"))).Output("f1");
        using var program = new Emitted(Emit(new EdgeGraph().Input("p", s_bool).Input("x", Float(2))
            .Node("higher_order::cond", "c", Float(2), ("arg0", Ref("p")), ("arg1", yes.Nested()), ("arg2", no.Nested()), ("arg3", List("x")))
            .Add("c", "x", "y", Float(2)).Output("y")));
        Assert.DoesNotContain(program.Plan().Chains[0], item => item is InstructionModel.Move);
        foreach (var (predicate, expected) in new[] { ((byte)1, new float[] { 9, -6 }), ((byte)0, [0, 0]), ((byte)1, [9, -6]) })
        {
            var method = program.Method();
            method.SetInput<byte>(0, [predicate], []);
            method.SetInput<float>(1, [3, -3], [2]);
            method.Execute();
            Assert.Equal(expected, method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
        }
    }

    [Fact]
    public void A_branch_that_passes_an_operand_through_copies_it()
    {
        var yes = new EdgeGraph().Input("t", Float(2)).Output("t");
        var no = new EdgeGraph().Input("f", Float(2)).Relu("f", "f1", Float(2)).Output("f1");
        using var program = new Emitted(Emit(new EdgeGraph().Input("p", s_bool).Input("x", Float(2))
            .Node("higher_order::cond", "c", Float(2), ("arg0", Ref("p")), ("arg1", yes.Nested()), ("arg2", no.Nested()), ("arg3", List("x"))).Output("c")));
        foreach (var (predicate, expected) in new[] { ((byte)1, new float[] { 3, -3 }), ((byte)0, [3, 0]) })
        {
            var method = program.Method();
            method.SetInput<byte>(0, [predicate], []);
            method.SetInput<float>(1, [3, -3], [2]);
            method.Execute();
            Assert.Equal(expected, method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
        }
    }

    [Fact]
    public void A_body_is_mapped_over_the_rows()
    {
        var body = new EdgeGraph().Input("row", Float(2)).Input("bias", Float(2)).Add("row", "bias", "r1", Float(2)).Relu("r1", "r2", Float(2)).Output("r2");
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(3, 2)).Input("b", Float(2))
            .Node("higher_order::map_impl", "m", Float(3, 2), ("arg0", body.Nested()), ("arg1", List("x")), ("arg2", List("b"))).Output("m")));
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal([[0, 3, 2, 5, 4, 7]], program.Run("forward", ([1, 2, 3, 4, 5, 6], [3, 2]), ([-1, 1], [2])));
        }
    }

    [Fact]
    public void Nothing_inside_a_loop_lies_over_the_rows_that_it_has_stacked()
    {
        var body = new EdgeGraph().Input("row", Float(4)).Relu("row", "r1", Float(4))
            .Node("aten::mm", "r2", Float(4), ("self", Ref("r1")), ("mat2", Ref("r1"))).Output("r2");
        var plan = Emit(new EdgeGraph().Input("x", Float(3, 4))
            .Node("higher_order::map_impl", "m", Float(3, 4), ("arg0", body.Nested()), ("arg1", List("x")), ("arg2", List())).Output("m")).Plans[0].Plan;
        var stacked = (ValueModel.Tensor)plan.Values[plan.Outputs[0]];
        foreach (var tensor in plan.Values.OfType<ValueModel.Tensor>().Where(tensor => tensor != stacked))
        {
            Assert.True(tensor.MemoryOffset >= stacked.MemoryOffset + 48 || tensor.MemoryOffset + tensor.Layout.ByteCount <= stacked.MemoryOffset);
        }
    }

    [Fact]
    public void A_scan_carries_its_state_from_row_to_row()
    {
        var body = new EdgeGraph().Input("carry", Float(2)).Input("row", Float(2)).Add("carry", "row", "next", Float(2))
            .Node("aten::neg", "out", Float(2), ("self", Ref("next"))).Output("next", "out");
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(3, 2)).Input("c", Float(2))
            .Node("higher_order::scan", [("last", Float(2)), ("all", Float(3, 2))], ("arg0", body.Nested()), ("arg1", List("c")), ("arg2", List("x")), ("arg3", List()))
            .Output("last", "all")));
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal([[9, 12], [-1, -2, -4, -6, -9, -12]], program.Run("forward", ([1, 2, 3, 4, 5, 6], [3, 2]), ([0, 0], [2])));
        }
    }

    [Fact]
    public void A_while_loop_runs_until_its_condition_fails_and_may_swap_what_it_carries()
    {
        var test = new EdgeGraph().Input("i0", Long()).Input("a0", Float(1)).Input("b0", Float(1))
            .Node("aten::lt.Scalar", "go", s_bool, ("self", Ref("i0")), ("other", Int(5))).Output("go");
        var body = new EdgeGraph().Input("i1", Long()).Input("a1", Float(1)).Input("b1", Float(1))
            .Node("aten::add.Scalar", "i2", Long(), ("self", Ref("i1")), ("other", Int(1))).Add("a1", "b1", "sum", Float(1)).Output("i2", "b1", "sum");
        using var program = new Emitted(Emit(new EdgeGraph().Input("i", Long()).Input("a", Float(1)).Input("b", Float(1))
            .Node("higher_order::while_loop", [("i9", Long()), ("a9", Float(1)), ("b9", Float(1))],
                ("arg0", test.Nested()), ("arg1", body.Nested()), ("arg2", List("i", "a", "b")), ("arg3", List())).Output("a9", "b9")));
        foreach (var (start, a, b) in new[] { (0L, 5f, 8f), (5L, 0f, 1f), (4L, 1f, 1f) })
        {
            var method = program.Method();
            method.SetInput<long>(0, [start], []);
            method.SetInput<float>(1, [0], [1]);
            method.SetInput<float>(2, [1], [1]);
            method.Execute();
            Assert.Equal((a, b), (method.GetOutput(0).AsReadOnlySpan<float>()[0], method.GetOutput(1).AsReadOnlySpan<float>()[0]));
        }
    }

    [Fact]
    public void Loops_nest()
    {
        // For each row: add one to it as long as its sum is below ten.
        var test = new EdgeGraph().Input("v0", Float(2)).Node("aten::sum.dim_IntList", "s", Float(), ("self", Ref("v0")), ("dim", Ints(0)))
            .Node("aten::lt.Scalar", "go", s_bool, ("self", Ref("s")), ("other", Int(10))).Output("go");
        var step = new EdgeGraph().Input("v1", Float(2)).Node("aten::add.Scalar", "v2", Float(2), ("self", Ref("v1")), ("other", Int(1))).Output("v2");
        var body = new EdgeGraph().Input("row", Float(2))
            .Node("higher_order::while_loop", "v9", Float(2), ("arg0", test.Nested()), ("arg1", step.Nested()), ("arg2", List("row")), ("arg3", List()))
            .Add("v9", "row", "r", Float(2)).Output("r");
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(2, 2))
            .Node("higher_order::map_impl", "m", Float(2, 2), ("arg0", body.Nested()), ("arg1", List("x")), ("arg2", List())).Output("m")));
        Assert.Equal([[6, 8, 20, 22]], program.Run("forward", ([1, 2, 10, 11], [2, 2])));
    }
}
