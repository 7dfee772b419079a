using System.Numerics.Tensors;
using Tandem.Host.Building;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Building;

public sealed class ExportedProgramBuilderTests
{
    [Fact]
    public void A_method_holds_what_torch_export_would_write()
    {
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter<float>("fc.weight", [1, 2, 3, 4, 5, 6], [2, 3]);
        var bias = builder.Parameter<float>("fc.bias", [1, 2], [2]);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, builder.Dim("batch", 1, 8), 3).Linear(weight, bias).Relu()));

        var forward = builder.Build().GetMethod("forward");
        Assert.Equal(["p_fc_weight", "p_fc_bias", "x"], forward.Graph.Inputs.Select(input => input.Name));
        Assert.Equal(["fc.weight", "fc.bias", null], forward.Signature.Inputs.Select(input => input.QualifiedName));
        Assert.Equal(["linear = aten::linear", "relu = aten::relu"], forward.Graph.Nodes.Select(node => node.ToString()));
        Assert.Equal("float32 [batch[1..8], 2]", forward.Graph.Nodes[1].Outputs[0].Tensor!.ToString());
        Assert.Equal(new GraphArgument.Reference("relu"), forward.Graph.Outputs[0]);
        Assert.StartsWith("ExportedProgramBuilderTests.cs:", forward.Graph.Nodes[0].SourceLocation);
        Assert.Equal(2, forward.Graph.Nodes.Select(node => node.DebugHandle).Distinct().Count());
        Assert.Contains("builtins.dict", forward.InputTree);
    }

    [Fact]
    public void Methods_share_one_object_for_the_bytes_of_a_parameter()
    {
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter("w", Tensor.Create<float>([1, 2, 3, 4], [2, 2]));
        builder.Method("one", method => method.Output(method.Input("x", ScalarType.Float, 1, 2).Linear(weight)));
        builder.Method("two", method => method.Output(method.Input("x", ScalarType.Float, 2).MatMul(weight) * 2));

        var program = builder.Build();
        var tensors = program.Methods.Select(method => method.Signature.Inputs[0].Tensor!.Storage).ToList();
        Assert.Same(tensors[0], tensors[1]);
        Assert.Equal(16, tensors[0].Length);
    }

    [Fact]
    public void A_buffer_that_is_assigned_is_a_mutation_and_later_reads_see_it()
    {
        var builder = new ExportedProgramBuilder();
        var cache = builder.Buffer("cache", ModelData.FromElements<float>(new float[8], [1, 8]), isPersistent: false);
        var scratch = builder.EmptyBuffer("scratch", ScalarType.Long, 1);
        builder.Method("step", method =>
        {
            var position = method.Input("position", ScalarType.Long, 1);
            var value = method.Input("value", ScalarType.Float, 1, 1);
            method.Assign(cache, method.Read(cache).IndexCopy(1, position, value));
            method.Assign(scratch, position);
            method.Output(method.Read(cache).Sum(), scratch);
        });

        var step = builder.Build().GetMethod("step");
        Assert.Equal([GraphOutputKind.BufferMutation, GraphOutputKind.BufferMutation, GraphOutputKind.UserOutput, GraphOutputKind.UserOutput],
            step.Signature.Outputs.Select(output => output.Kind));
        Assert.True(step.Signature.IsMutated("cache"));
        Assert.Equal([new GraphArgument.Reference("index_copy"), new GraphArgument.Reference("position"), new GraphArgument.Reference("sum"), new GraphArgument.Reference("position")],
            step.Graph.Outputs);
        Assert.Equal("index_copy", step.Graph.Nodes[1].References().First());
        Assert.Null(step.Signature.FindInput("b_scratch")!.Tensor);
        Assert.False(step.Signature.FindInput("b_cache")!.IsPersistent);
    }

    [Fact]
    public void Symbolic_sizes_in_arguments_are_read_off_a_tensor_and_computed_once()
    {
        var builder = new ExportedProgramBuilder();
        var length = builder.Dim("length", 2, 16);
        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 1, length, 6);
            var rows = x.Reshape([length * 2, 3]);
            method.Output(rows.Reshape([length * 2, 1, 3]).Expand([length * 2, 4, 3]), method.Arange(length + 1));
        });

        var nodes = builder.Build().Methods[0].Graph.Nodes;
        Assert.Equal(1, nodes.Count(node => node.Operator == "aten::sym_size"));
        Assert.Equal(1, nodes.Count(node => node.Operator == "_operator::mul"));
        Assert.Equal(1, nodes.Count(node => node.Operator == "_operator::add"));
        Assert.Equal("float32 [2*length[4..32], 4, 3] dim order [0, 2, 1]", nodes.Single(node => node.Operator == "aten::expand").Outputs[0].Tensor!.ToString());
        Assert.Equal("int64 [length + 1[3..17]]", nodes[^1].Outputs[0].Tensor!.ToString());
    }

    [Fact]
    public void Branches_of_cond_get_the_operands_and_the_parameters_that_either_uses()
    {
        var builder = new ExportedProgramBuilder();
        var (a, b) = (builder.Parameter<float>("a", [1, 2], [2]), builder.Parameter<float>("b", [3, 4], [2]));
        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 2);
            method.Output([.. method.Cond(x.Sum().Gt(0), [x], inside => [inside[0] + a], inside => [(inside[0] * b).Relu()])]);
        });

        var cond = builder.Build().Methods[0].Graph.Nodes.Single(node => node.Operator == "higher_order::cond");
        Assert.Equal(["gt", "x", "p_a", "p_b"], cond.References());
        var branches = cond.Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>().Select(graph => graph.Value).ToList();
        Assert.All(branches, branch => Assert.Equal(3, branch.Inputs.Length));
        Assert.Equal(["aten::add.Tensor"], branches[0].Nodes.Select(node => node.FullName));
        Assert.Equal(["aten::mul.Tensor", "aten::relu"], branches[1].Nodes.Select(node => node.FullName));
        var names = branches.SelectMany(branch => branch.Inputs.Select(input => input.Name).Concat(branch.Nodes.Select(node => node.Name))).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Fact]
    public void Any_operator_of_the_table_can_be_called_by_name()
    {
        var builder = new ExportedProgramBuilder();
        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 2, 6);
            var parts = method.Call("aten::split.Tensor", [x, 4, new("dim", 1)]);
            Assert.Equal(["[2, 4]", "[2, 2]"], parts.Select(part => $"[{string.Join(", ", part.Spec.Sizes)}]"));
            var known = method.Call("aten::median.dim", [x, 1]);
            var given = method.Call("aten::histc", [x, 10], [TensorSpec.Contiguous(ScalarType.Float, 10)]);
            method.Output(parts[0], known[1], given[0]);
        });
        Assert.Equal(3, builder.Build().Methods[0].Graph.Nodes.Length);
    }

    [Fact]
    public void Parameters_of_a_safetensors_file_stay_in_the_file()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "w.safetensors");
        SafetensorsFile.Write(path, new Dictionary<string, TensorData>
        {
            ["a"] = new(new TensorLayout(ScalarType.Float, [2]), new byte[] { 0, 0, 128, 63, 0, 0, 0, 64 }),
            ["b"] = new(new TensorLayout(ScalarType.Long, [1]), new byte[] { 7, 0, 0, 0, 0, 0, 0, 0 }),
        });
        var builder = new ExportedProgramBuilder();
        var parameters = builder.Parameters(path, "net.");
        Assert.Equal("net.a: float32 [2]", parameters["a"].ToString());
        Span<byte> bytes = stackalloc byte[8];
        parameters["b"].Value!.Storage.Read(0, bytes);
        Assert.Equal(7, bytes[0]);
        Assert.Contains("w.safetensors", parameters["a"].Value!.Storage.Origin);
    }

    [Fact]
    [ProducesError(ErrorCode.OperatorArgumentInvalid)]
    public void A_wrong_call_is_refused_at_once_with_shapes_and_the_line()
    {
        var error = Refused(ErrorCode.OperatorArgumentInvalid, (builder, x) => x.Linear(builder.Parameter<float>("w", new float[6], [2, 3])));
        Assert.Equal("aten::linear", error.Details.Location);
        Assert.Equal("3", error.Details.Expected);
        Assert.Equal("4", error.Details.Found);
        Assert.StartsWith("ExportedProgramBuilderTests.cs:", error.Details.File);

        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Call("aten::relu", [x, 1])[0]);
        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Call("aten::add.Tensor", [x])[0]);
        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Call("aten::add.Tensor", [x, x, new("beta", 2)])[0]);
        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Call("aten::softmax.int", [x, "last"])[0]);
        Refused(ErrorCode.OperatorMissing, (_, x) => x.Graph.Call("aten::no_such_operator", [x])[0]);
        Refused(ErrorCode.OperatorMissing, (_, x) => x.Graph.Call("aten::histc", [x])[0]);
        Refused(ErrorCode.OperatorTypeNotSupported, (_, x) => x.To(ScalarType.Long).Gelu());
        Refused(ErrorCode.OperatorArgumentInvalid, (builder, x) => x.Graph.Call("aten::add_.Tensor", [builder.Parameter<float>("w", new float[8], [2, 4]), x])[0]);
        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Cond(x.Sum(), [x], y => [y[0]], y => [y[0]])[0]);
        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Cond(x.Sum().Gt(0), [x], y => [y[0]], y => [y[0].Sum()])[0]);
        Refused(ErrorCode.OperatorArgumentInvalid, (_, x) => x.Graph.Cond(x.Sum().Gt(0), [x], y => [x], y => [y[0]])[0]);
    }

    [Fact]
    public void Programs_that_cannot_be_are_refused()
    {
        var builder = new ExportedProgramBuilder();
        Assert.Equal(ErrorCode.ArgumentInvalid, Assert.Throws<TandemException>(builder.Build).Code);
        builder.Dim("n", 1, 4);
        var weight = builder.Parameter<float>("w", [1], [1]);
        Invalid(() => builder.Dim("n", 1, 4));
        Invalid(() => builder.Dim("m", 4, 1));
        Invalid(() => builder.Parameter<float>("w", [1], [1]));
        Invalid(() => builder.Parameter<float>("v", [1, 2], [3]));
        Invalid(() => builder.Parameter("v", ModelData.FromElements<decimal>([1], [1])));
        Invalid(() => builder.Parameter("v", new ExportedTensor(TensorSpec.Contiguous(ScalarType.Float, 4), DataContent.FromMemory(new byte[8], "here"))));
        Invalid(() => builder.Method("m", method => method.Input("x", ScalarType.Float, -1)));
        Invalid(() => builder.Method("m", method => method.Input("x", ScalarType.Float, SymbolicInt.Symbol("other", 1, 2))));
        Invalid(() => builder.Method("m", method =>
        {
            method.Input("x", ScalarType.Float, 1);
            method.Input("x", ScalarType.Float, 1);
        }));
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, Assert.Throws<TandemException>(() =>
            builder.Method("m", method => method.Assign(weight, method.Input("x", ScalarType.Float, 1)))).Code);

        builder.Method("empty", method => method.Input("x", ScalarType.Float, 1));
        Assert.Contains("returns nothing", Assert.Throws<TandemException>(builder.Build).Problem);

        var built = new ExportedProgramBuilder();
        built.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 1)));
        built.Build();
        Invalid(() => built.Parameter<float>("w", [1], [1]));

        static void Invalid(Action action) => Assert.Equal(ErrorCode.ArgumentInvalid, Assert.Throws<TandemException>(action).Code);
    }

    private static TandemException Refused(ErrorCode code, Func<ExportedProgramBuilder, GraphTensor, GraphTensor> build)
    {
        var builder = new ExportedProgramBuilder();
        var error = Assert.Throws<TandemException>(() => builder.Method("forward", method => build(builder, method.Input("x", ScalarType.Float, 2, 4))));
        Assert.True(error.Code == code, error.Message);
        return error;
    }
}
