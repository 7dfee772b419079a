using Tandem.Host.Import;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Import;

/// <summary>Archives that are whole, around programs that are not.</summary>
public sealed class HostileModelTests
{
    private const string Weight = """
        {"config": {"w": {"path_name": "weight_0", "is_param": true, "use_pickle": false, "tensor_meta":
          {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 3}], "requires_grad": true, "device": {"type": "cpu", "index": null},
           "strides": [{"as_int": 3}, {"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}}}}
        """;

    [Theory]
    [InlineData("\"major\": 8", "\"major\": 9")]
    [InlineData("\"major\": 8", "\"major\": 7")]
    [ProducesError(ErrorCode.FormatNotSupported)]
    public void AnUnknownSchemaVersionIsNamed(string from, string to)
    {
        var error = Refuse(ErrorCode.FormatNotSupported, from, to);
        Assert.Contains(to[^1..] + ".20", error.Message);
    }

    [Theory]
    [InlineData("\"metadata\": {}},", "\"metadata\": {}, \"metadata\": {}},", "JSON")]
    [InlineData("\"is_single_tensor_return\": false", "\"is_single_tensor_return\": fals", "JSON")]
    [InlineData("\"as_int\": 1}", "\"as_int\": 1, \"as_float\": 1}", "one member")]
    [InlineData("\"as_int\": 1}", "\"as_int\": 99999999999999999999}", "integer")]
    [InlineData("{\"as_int\": 1}, \"kind\"", "{\"as_float\": \"many\"}, \"kind\"", "number")]
    [InlineData("\"nodes\": [", "\"nodes\": [7, ", "object")]
    [InlineData("\"outputs\": [{\"as_tensor\": {\"name\": \"add\"}}],\n  \"nodes\"", "\"outputs\": [],\n  \"nodes\"", "number of outputs")]
    [InlineData("\"input_specs\": [", "\"input_specs\": [{\"user_input\": {\"arg\": {\"as_none\": true}}}, ", "number of inputs")]
    [InlineData("\"strides\": [{\"as_int\": 1}]", "\"strides\": [{\"as_expr\": {\"expr_str\": \"Integer(\"}}]", "symbolic expression")]
    [InlineData("\"name\": \"add\",\n", "\"name\": \"\\ud800\",\n", "UTF-16")]
    public void ADamagedModelIsNamed(string from, string to, string problem) => Assert.Contains(problem, Refuse(ErrorCode.ExportedProgramInvalid, from, to).Message);

    [Theory]
    [InlineData("\"dtype\": 7", "\"dtype\": 77")]
    [InlineData("\"layout\": 7", "\"layout\": 2")]
    [InlineData("torch.ops.aten.add.Tensor", "torch.ops.higher_order.associative_scan")]
    [InlineData("torch.ops.aten.add.Tensor", "torch.ops.aten.add.Nothing")]
    [InlineData("torch.ops.aten.add.Tensor", "os.system")]
    [InlineData("{\"as_int\": 1}, \"kind\"", "{\"as_custom_obj\": {\"name\": \"x\"}}, \"kind\"")]
    [InlineData("\"user_input\": {", "\"token\": {")]
    [InlineData("\"user_output\": {", "\"gradient_to_parameter\": {")]
    public void WhatIsUnknownIsNamed(string from, string to) => Refuse(ErrorCode.ExportedProgramNotSupported, from, to);

    [Theory]
    [InlineData("\"sizes\": [{\"as_int\": 2}]", "\"sizes\": [{\"as_int\": -2}]")]
    [InlineData("\"strides\": [{\"as_int\": 1}]", "\"strides\": []")]
    [ProducesError(ErrorCode.TensorInvalid)]
    public void ImpossibleTensorsAreNamed(string from, string to) => Refuse(ErrorCode.TensorInvalid, from, to);

    [Fact]
    public void TooManyDimensionsAreNamed()
    {
        var ones = string.Join(", ", Enumerable.Repeat("{\"as_int\": 1}", 17));
        Refuse(ErrorCode.TensorInvalid, "\"sizes\": [{\"as_int\": 2}]", $"\"sizes\": [{ones}]");
    }

    [Fact]
    public void DeepJsonIsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100_000));
        Refuse(ErrorCode.ExportedProgramInvalid, "\"module_call_graph\": []", $"\"module_call_graph\": {deep}");
        Refuse(ErrorCode.ExportedProgramInvalid, "\"module_call_graph\": []", $"\"module_call_graph\": {string.Concat(Enumerable.Repeat("[", 300))}{string.Concat(Enumerable.Repeat("]", 300))}");
    }

    [Fact]
    public void SymbolsWithoutARangeHaveNoBound()
    {
        var program = Read("\"sizes\": [{\"as_int\": 2}]", "\"sizes\": [{\"as_expr\": {\"expr_str\": \"Symbol('u0', integer=True)\", \"hint\": null}}]");
        var size = program.Methods[0].Graph.Inputs[0].Tensor!.Sizes[0];
        Assert.Equal("u0", size.Expression);
        Assert.Equal(0, size.Minimum);
        Assert.False(size.IsBounded);
    }

    [Fact]
    public void ASymbolWithoutPossibleValueIsNamed()
    {
        var text = ArchiveBuilder.AddOne.Replace("\"range_constraints\": {}", "\"range_constraints\": {\"u0\": {\"min_val\": 5, \"max_val\": 2}}")
            .Replace("\"sizes\": [{\"as_int\": 2}]", "\"sizes\": [{\"as_expr\": {\"expr_str\": \"Symbol('u0', integer=True)\", \"hint\": null}}]");
        Expect.Error(ErrorCode.ExportedProgramInvalid, () => ExportedProgramReader.FromMemory(ArchiveBuilder.WithModel(text), "test"));
    }

    [Fact]
    public void AStorageHoldsItsTensor()
    {
        Assert.Equal(24, ReadWeight(Weight, 24).Methods[0].Signature.Inputs[0].Tensor!.Storage.Length);
        RefuseWeight(ErrorCode.TensorInvalid, Weight, 23);
        RefuseWeight(ErrorCode.TensorInvalid, Weight, 0);
        RefuseWeight(ErrorCode.TensorInvalid, Weight.Replace("\"storage_offset\": {\"as_int\": 0}", "\"storage_offset\": {\"as_int\": 1}"), 24);
        RefuseWeight(ErrorCode.TensorInvalid, Weight.Replace("\"storage_offset\": {\"as_int\": 0}", "\"storage_offset\": {\"as_int\": 9223372036854775807}"), 24);
        RefuseWeight(ErrorCode.TensorInvalid, Weight.Replace("{\"as_int\": 3}, {\"as_int\": 1}", "{\"as_int\": 9223372036854775807}, {\"as_int\": 9223372036854775807}"), 24);
        RefuseWeight(ErrorCode.TensorInvalid, Weight.Replace("{\"as_int\": 3}, {\"as_int\": 1}", "{\"as_int\": -3}, {\"as_int\": 1}"), 24);
        RefuseWeight(ErrorCode.ExportedProgramInvalid, Weight.Replace("{\"as_int\": 2}, {\"as_int\": 3}", "{\"as_int\": 3}, {\"as_int\": 2}"), 240);
        RefuseWeight(ErrorCode.ArchiveInvalid, Weight.Replace("weight_0", "weight_1"), 24);
        RefuseWeight(ErrorCode.ExportedProgramInvalid, "{\"config\": {}}", 24);
    }

    [Fact]
    public void AViewKeepsStridesAndOffset()
    {
        var view = Weight.Replace("\"strides\": [{\"as_int\": 3}, {\"as_int\": 1}], \"storage_offset\": {\"as_int\": 0}", "\"strides\": [{\"as_int\": 8}, {\"as_int\": 2}], \"storage_offset\": {\"as_int\": 5}");
        var spec = ReadWeight(view, 18 * 4).Methods[0].Signature.Inputs[0].Tensor!.Spec;
        Assert.Equal([8L, 2L], spec.Strides.Select(stride => stride.Value));
        Assert.Equal(5, spec.StorageOffset.Value);
        RefuseWeight(ErrorCode.TensorInvalid, view, 17 * 4);
    }

    [Fact]
    public void NestedGraphsTakeNamesOfTheirOwn()
    {
        var branch = """{"as_graph": {"name": "NAME", "graph": {"inputs": [{"as_tensor": {"name": "x"}}], "outputs": [{"as_tensor": {"name": "add"}}], "nodes": [NODE], "tensor_values": {"x": META, "add": META}}}}""";
        const string Meta = """{"dtype": 7, "sizes": [{"as_int": 2}], "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}""";
        const string Node = """{"target": "torch.ops.aten.relu.default", "name": "add", "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}}], "outputs": [{"as_tensor": {"name": "add"}}]}""";
        var nested = branch.Replace("NODE", Node).Replace("META", Meta);
        var text = ArchiveBuilder.AddOne.Replace("torch.ops.aten.add.Tensor", "torch.ops.higher_order.cond").Replace(
            "{\"name\": \"self\", \"arg\": {\"as_tensor\": {\"name\": \"x\"}}, \"kind\": 1}, {\"name\": \"other\", \"arg\": {\"as_int\": 1}, \"kind\": 1}",
            """{"name": "", "arg": {"as_bool": true}}, {"name": "", "arg": TRUE}, {"name": "", "arg": FALSE}, {"name": "", "arg": {"as_tensors": [{"name": "x"}]}}"""
                .Replace("TRUE", nested.Replace("NAME", "true_graph_0")).Replace("FALSE", nested.Replace("NAME", "false_graph_0")));
        var node = Assert.Single(ExportedProgramReader.FromMemory(ArchiveBuilder.WithModel(text), "test").Methods[0].Graph.Nodes);
        Assert.Equal(["pred", "true_fn", "false_fn", "operands"], node.Arguments.Select(argument => argument.Name));
        var graph = Assert.IsType<GraphArgument.Subgraph>(node.Find("false_fn")).Value;
        Assert.Equal("false_graph_0.x", Assert.Single(graph.Inputs).Name);
        Assert.Equal("false_graph_0.add", Assert.Single(graph.Nodes).Name);
        Assert.Equal([new GraphArgument.Reference("false_graph_0.add")], graph.Outputs);
    }

    private static ExportedProgram Read(string from, string to)
    {
        var text = ArchiveBuilder.AddOne.ReplaceLineEndings("\n");
        Assert.Contains(from, text);
        return ExportedProgramReader.FromMemory(ArchiveBuilder.WithModel(text.Replace(from, to)), "test");
    }

    private static TandemException Refuse(ErrorCode code, string from, string to) => Expect.Error(code, () => Read(from, to));

    private static void RefuseWeight(ErrorCode code, string config, int bytes) => Expect.Error(code, () => ReadWeight(config, bytes));

    private static ExportedProgram ReadWeight(string config, int bytes)
    {
        var model = ArchiveBuilder.AddOne
            .Replace("\"inputs\": [{\"as_tensor\": {\"name\": \"x\"}}]", "\"inputs\": [{\"as_tensor\": {\"name\": \"p_w\"}}, {\"as_tensor\": {\"name\": \"x\"}}]")
            .Replace("\"input_specs\": [", "\"input_specs\": [{\"parameter\": {\"arg\": {\"name\": \"p_w\"}, \"parameter_name\": \"w\"}}, ")
            .Replace("\"tensor_values\": {", """
                "tensor_values": {"p_w": {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 3}], "strides": [{"as_int": 3}, {"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7},
                """);
        var archive = new ArchiveBuilder().AddMarks().Add("models/model.json", model).Add("data/weights/model_weights_config.json", config)
            .Add("data/weights/weight_0", new byte[bytes]).ToArray();
        return ExportedProgramReader.FromMemory(archive, "test");
    }
}
