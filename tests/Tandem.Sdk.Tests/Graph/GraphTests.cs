using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Graph;

public sealed class GraphTests
{
    private static readonly TensorSpec Dynamic = TensorSpec.Contiguous(ScalarType.Float, 2, SymbolicInt.Symbol("s0", 1, 64));

    [Fact]
    public void A_symbolic_integer_keeps_its_range_and_has_no_value()
    {
        SymbolicInt number = 7;
        var symbol = SymbolicInt.Symbol("2*s0", 2, 128);
        Assert.Equal((true, 7L, "7"), (number.IsConstant, number.Value, number.ToString()));
        Assert.Equal((false, true, "2*s0[2..128]"), (symbol.IsConstant, symbol.IsBounded, symbol.ToString()));
        Assert.Equal("s1[0..]", SymbolicInt.Symbol("s1").ToString());
        Assert.False(SymbolicInt.Symbol("s1").IsBounded);
        Expect.Error(ErrorCode.ArgumentInvalid, () => _ = symbol.Value);
        Expect.Error(ErrorCode.ArgumentInvalid, () => SymbolicInt.Symbol("", 0, 1));
        Expect.Error(ErrorCode.ArgumentInvalid, () => SymbolicInt.Symbol("s0", 2, 1));
    }

    [Fact]
    public void A_spec_gives_the_layout_at_its_upper_bound_or_refuses()
    {
        Assert.Equal(new TensorLayout(ScalarType.Float, [2, 64]), Dynamic.ToUpperBound());
        Assert.False(Dynamic.IsStatic);
        Assert.Equal("float32 [2, s0[1..64]]", Dynamic.ToString());
        Expect.Error(ErrorCode.TensorInvalid, () => TensorSpec.Contiguous(ScalarType.Float, SymbolicInt.Symbol("s0")).ToUpperBound());
        Expect.Error(ErrorCode.TensorInvalid, () => TensorSpec.Contiguous(ScalarType.Float, [.. Enumerable.Repeat((SymbolicInt)1, 17)]).ToUpperBound());
        Assert.Equal(1, TensorSpec.Contiguous(ScalarType.Float).ToUpperBound().ElementCount);
    }

    [Fact]
    public void Specs_and_arguments_are_equal_by_value()
    {
        var same = TensorSpec.Contiguous(ScalarType.Float, 2, SymbolicInt.Symbol("s0", 1, 64));
        Assert.Equal(Dynamic, same);
        Assert.Equal(Dynamic.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(Dynamic, same with { DimOrder = [1, 0] });
        Assert.NotEqual(Dynamic, same with { Strides = [64, 1] });
        Assert.Equal(same with { Strides = [64, 1] }, Dynamic with { Strides = [64, 1] });
        Assert.NotEqual(Dynamic, same with { StorageOffset = 3 });
        GraphArgument list = new GraphArgument.List([new GraphArgument.Int(1), new GraphArgument.None()]);
        Assert.Equal(list, new GraphArgument.List([new GraphArgument.Int(1), new GraphArgument.None()]));
        Assert.NotEqual(list, new GraphArgument.List([new GraphArgument.Int(2), new GraphArgument.None()]));
    }

    [Fact]
    public void A_node_knows_its_name_arguments_and_what_it_reads()
    {
        var node = new GraphNode("cat", "aten::cat", "out",
        [
            new("tensors", new GraphArgument.List([new GraphArgument.Reference("a"), new GraphArgument.None(), new GraphArgument.Reference("b")])),
            new("dim", new GraphArgument.Int(1)),
            new("out", new GraphArgument.Reference("a")),
        ], []);
        Assert.Equal("aten::cat.out", node.FullName);
        Assert.Equal("aten::cat", (node with { Overload = "" }).FullName);
        Assert.Equal(["a", "b", "a"], node.References());
        Assert.Equal(new GraphArgument.Int(1), node.Find("dim"));
        Assert.Null(node.Find("absent"));
    }

    [Fact]
    public void A_signature_tells_inputs_mutation_and_tied_storage()
    {
        var storage = DataContent.FromMemory(new byte[24], "model");
        var spec = TensorSpec.Contiguous(ScalarType.Float, 2, 3);
        var signature = new GraphSignature(
        [
            new(GraphInputKind.Parameter, "p0") { QualifiedName = "embedding.weight", Tensor = new(spec, storage) },
            new(GraphInputKind.Parameter, "p1") { QualifiedName = "head.weight", Tensor = new(spec with { DimOrder = [1, 0] }, storage) },
            new(GraphInputKind.Buffer, "b0") { QualifiedName = "cache" },
            new(GraphInputKind.Buffer, "b1") { QualifiedName = "mean" },
            new(GraphInputKind.UserInput, "x"),
        ], [new(GraphOutputKind.BufferMutation, "cache"), new(GraphOutputKind.UserOutput)]);
        Assert.Equal(["x"], signature.UserInputs.Select(input => input.ValueName));
        Assert.True(signature.IsMutated("cache"));
        Assert.False(signature.IsMutated("mean"));
        Assert.Same(signature.FindInput("p0")!.Tensor!.Storage, signature.FindInput("p1")!.Tensor!.Storage);
        Assert.Null(signature.FindInput("p9"));
        var program = new ExportedProgram([new ExportedMethod("forward", new ExportedGraph([], [], []), signature)]);
        Assert.Same(signature, program.GetMethod("forward").Signature);
        Expect.Error(ErrorCode.MethodNotFound, () => program.GetMethod("decode"));
    }
}
