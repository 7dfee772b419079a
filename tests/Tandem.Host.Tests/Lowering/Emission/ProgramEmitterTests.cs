using Tandem.Host.Formats.Model;
using Tandem.Host.Lowering.Emission;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;
using static Tandem.Host.Tests.Lowering.Emission.EdgeGraph;

namespace Tandem.Host.Tests.Lowering.Emission;

public sealed class ProgramEmitterTests
{
    [Fact]
    public void A_straight_graph_runs_and_its_arguments_stand_in_schema_order_with_defaults()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(2)).Parameter("w", Floats([10, 20], 2))
            .Add("x", "w", "sum", Float(2)).Relu("sum", "y", Float(2)).Output("y")));
        Assert.Equal([[0, 22]], program.Run("forward", ([-30, 2], [2])));
        Assert.Equal(["aten::add.out", "aten::relu.out"], program.Calls());
        var plan = program.Plan();
        var add = (InstructionModel.KernelCall)plan.Chains[0][0];
        Assert.Equal(5, add.Arguments.Length);
        Assert.Equal(new ValueModel.Int(1), plan.Values[add.Arguments[2]]);
        Assert.Equal(add.Arguments[3], add.Arguments[4]);
        Assert.Equal("sum", program.Image.Plans[0].Origins[0].NodeName);
        Assert.Equal(1, program.Image.Plans[0].Origins[1].DebugHandle);
    }

    [Fact]
    public void Methods_are_sorted_by_name_and_constant_methods_follow()
    {
        EdgeGraph Method(string name) => new EdgeGraph(name).Input("x", Float(2)).Relu("x", "y", Float(2)).Output("y");
        var options = EmissionOptions.Default with { ConstantMethods = [new ConstantMethod("get_b", [Int(7)]), new ConstantMethod("get_a", [new GraphArgument.Text("text")])] };
        using var program = new Emitted(Emit(options, new NamedDataStore(), Method("b"), Method("B"), Method("a")));
        Assert.Equal(["B", "a", "b", "get_b", "get_a"], program.Model.Plans.Select(plan => plan.Name));
        var getter = program.Method("get_b");
        getter.Execute();
        Assert.Equal(7, getter.GetOutputValue(0).AsInt());
    }

    [Fact]
    public void Equal_constants_of_all_methods_are_one_whatever_their_names()
    {
        EdgeGraph Method(string name, string weight) => new EdgeGraph(name).Input("x", Float(2)).Parameter(weight, Floats([1, 2], 2))
            .Add("x", weight, "y", Float(2)).Output("y");
        using var program = new Emitted(Emit(Method("a", "v"), Method("b", "w")));
        Assert.Equal(2, program.Model.Constants.Length);
        Assert.Equal([[2, 3]], program.Run("b", ([1, 1], [2])));
    }

    [Fact]
    public void A_static_view_is_another_tensor_over_the_same_memory_and_has_no_instruction()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(2, 3)).Relu("x", "a", Float(2, 3))
            .Node("aten::view_copy", "v", Float(6), ("self", Ref("a")), ("size", Ints(6))).Relu("v", "y", Float(6)).Output("y")));
        Assert.Equal(["aten::relu.out", "aten::relu.out"], program.Calls());
        Assert.Equal([[1, 0, 3, 0, 5, 0]], program.Run("forward", ([1, -2, 3, -4, 5, -6], [2, 3])));
    }

    [Fact]
    public void A_dynamic_view_sets_sizes_only()
    {
        SymbolicInt n = SymbolicInt.Symbol("s0", 1, 8);
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(n, 2)).Relu("x", "a", Float(n, 2))
            .Node("aten::view_copy", "v", Float(SymbolicInt.Symbol("2*s0", 2, 16)), ("self", Ref("a")), ("size", Ints(-1)))
            .Relu("v", "y", Float(SymbolicInt.Symbol("2*s0", 2, 16))).Output("y")));
        Assert.Contains("executorch_prim::et_view.default", program.Calls());
        Assert.Equal([[1, 0, 3, 0]], program.Run("forward", ([1, -2, 3, -4], [2, 2])));
        Assert.Equal([[1, 0, 3, 0, 5, 0]], program.Run("forward", ([1, -2, 3, -4, 5, -6], [3, 2])));
    }

    [Fact]
    public void A_mutated_buffer_is_named_shared_between_methods_and_written_at_the_end()
    {
        EdgeGraph Method(string name) => new EdgeGraph(name).Buffer("b_total", Float(2), qualifiedName: "total").Input("x", Float(2))
            .Add("b_total", "x", "sum", Float(2)).Mutation("total", "sum").Output("sum");
        using var program = new Emitted(Emit(Method("f"), Method("g"), new EdgeGraph("read").Buffer("b_total", Float(2), qualifiedName: "total").Output("b_total")));
        Assert.Equal([[1, 2]], program.Run("f", ([1, 2], [2])));
        Assert.Equal([[11, 22]], program.Run("g", ([10, 20], [2])));
        Assert.Equal([[11, 22]], program.Run("read"));
        Assert.All(program.Model.Plans, plan => Assert.Equal(3, plan.PlannedBufferSizes.Length));
        Assert.Single(program.Program.MemoryPlan.State);
        Assert.Empty(program.Program.Warnings);
    }

    [Fact]
    public void First_contents_of_a_buffer_are_kept_unless_they_are_zeros()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Input("x", Float(2))
            .Buffer("a", Float(2), Floats([5, 6], 2)).Buffer("b", Float(2), Floats([0, 0], 2))
            .Add("a", "x", "a1", Float(2)).Add("b", "a1", "b1", Float(2)).Mutation("a", "a1").Mutation("b", "b1").Output("b1")));
        Assert.Equal(2, program.Model.MutableInitialData.Length);
        Assert.Equal([[6, 7]], program.Run("forward", ([1, 1], [2])));
        Assert.Equal([[13, 15]], program.Run("forward", ([1, 1], [2])));
    }

    [Fact]
    public void Buffers_that_swap_their_values_do_so()
    {
        using var program = new Emitted(Emit(new EdgeGraph().Buffer("a", Float(1), Floats([1], 1)).Buffer("b", Float(1), Floats([2], 1))
            .Mutation("a", "b").Mutation("b", "a").Output("a", "b")));
        Assert.Equal([[1], [2]], program.Run("forward"));
        Assert.Equal([[2], [1]], program.Run("forward"));
        Assert.Equal([[1], [2]], program.Run("forward"));
    }

    [Fact]
    [ProducesError(ErrorCode.OperatorMissing)]
    public void A_node_without_an_out_variant_is_named_with_its_source()
    {
        var error = Assert.Throws<TandemException>(() => Emit(new EdgeGraph().Input("x", Float(2)).Node("aten::nobody_knows", "y", Float(2), ("self", Ref("x"))).Output("y")));
        Assert.Equal(ErrorCode.OperatorMissing, error.Code);
        Assert.Contains("y = aten::nobody_knows", error.Message, StringComparison.Ordinal);
    }
}
