using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Passes;

public class DuplicateDequantizationTests
{
    [Fact]
    public void Every_reader_has_a_dequantisation_of_its_own_and_one_reader_keeps_the_method_as_it_is()
    {
        var method = Method("a", "b", "b");
        var result = new DuplicateDequantization().Run(method, new PassContext());

        Assert.Equal(["d", "a", "d_copy_1", "b"], result.Graph.Nodes.Select(node => node.Name));
        Assert.Equal(["d"], result.Graph.Nodes[1].References());
        Assert.Equal(["d_copy_1", "d_copy_1"], result.Graph.Nodes[3].References());
        Assert.Equal(result.Graph.Nodes[0].Arguments, result.Graph.Nodes[2].Arguments);
        Assert.Equal(result.Graph.Nodes.Select(node => node.Name), new DuplicateDequantization().Run(method, new PassContext()).Graph.Nodes.Select(node => node.Name));
        var single = Method("a");
        Assert.Same(single, new DuplicateDequantization().Run(single, new PassContext()));
    }

    [Fact]
    public void What_no_backend_took_is_one_again_after_common_subexpressions_are_eliminated()
    {
        var method = new DuplicateDequantization().Run(Method("a", "b"), new PassContext());

        Assert.Equal(["d", "a", "b"], new EliminateCommonSubexpressions().Run(method, new PassContext()).Graph.Nodes.Select(node => node.Name));
    }

    [Fact]
    public void What_chooses_parameters_when_called_and_what_quantises_with_them_read_the_same_numbers()
    {
        var (method, scalar) = (Method("a"), TensorSpec.Contiguous(ScalarType.Double, 1));
        ImmutableArray<GraphNamedArgument> range = [new("quant_min", new GraphArgument.Int(-128)), new("quant_max", new GraphArgument.Int(127))];
        GraphNamedArgument input = new("input", new GraphArgument.Reference("d"));
        var choice = new GraphNode("c", "quantized_decomposed::choose_qparams", "tensor",
            [input, .. range, new("eps", new GraphArgument.Float(1e-5)), new("dtype", new GraphArgument.DataType(ScalarType.Char))],
            [new GraphValue("scale", scalar), new GraphValue("zero", scalar with { ScalarType = ScalarType.Long })]);
        var codes = new GraphNode("r", "quantized_decomposed::quantize_per_tensor", "tensor",
            [input, new("scale", new GraphArgument.Reference("scale")), new("zero_point", new GraphArgument.Reference("zero")), .. range, new("dtype", new GraphArgument.DataType(ScalarType.Char))],
            [new GraphValue("r", TensorSpec.Contiguous(ScalarType.Char, 4))]);
        var result = new DuplicateDequantization().Run(method with { Graph = method.Graph with { Nodes = [.. method.Graph.Nodes, choice, codes] } }, new PassContext());

        Assert.Equal(["d", "a", "d_copy_1", "c", "r"], result.Graph.Nodes.Select(node => node.Name));
        Assert.Contains("d_copy_1", result.Graph.Nodes[3].References());
        Assert.Contains("d_copy_1", result.Graph.Nodes[4].References());
    }

    [Fact]
    public void Sums_of_dequantised_numbers_stay_apart_while_backends_may_compute_them_as_codes()
    {
        var method = Method("s", "s");
        var twice = method with { Graph = method.Graph with { Nodes = [.. method.Graph.Nodes, method.Graph.Nodes[1] with { Name = "t", Outputs = [method.Graph.Nodes[1].Outputs[0] with { Name = "t" }] }] } };

        Assert.Equal(["d", "s", "t"], new EliminateCommonSubexpressions(keepsQuantized: true).Run(twice, new PassContext()).Graph.Nodes.Select(node => node.Name));
        Assert.Equal(["d", "s"], new EliminateCommonSubexpressions().Run(twice, new PassContext()).Graph.Nodes.Select(node => node.Name));
    }

    // Nodes that read one dequantised tensor; equal names are one node that reads it twice.
    private static ExportedMethod Method(params string[] readers)
    {
        var (codes, numbers) = (new GraphValue("q", TensorSpec.Contiguous(ScalarType.Char, 4)), TensorSpec.Contiguous(ScalarType.Float, 4));
        var nodes = ImmutableArray.CreateBuilder<GraphNode>();
        nodes.Add(new GraphNode("d", "quantized_decomposed::dequantize_per_tensor", "",
            [
                new("input", new GraphArgument.Reference("q")), new("scale", new GraphArgument.Float(0.5)), new("zero_point", new GraphArgument.Int(0)),
                new("quant_min", new GraphArgument.Int(-128)), new("quant_max", new GraphArgument.Int(127)), new("dtype", new GraphArgument.DataType(ScalarType.Char)),
            ],
            [new GraphValue("d", numbers)]));
        foreach (var group in readers.GroupBy(name => name))
        {
            nodes.Add(group.Count() == 1
                ? new GraphNode(group.Key, group.Key == "a" ? "aten::neg" : "aten::abs", "", [new("self", new GraphArgument.Reference("d"))], [new GraphValue(group.Key, numbers)])
                : new GraphNode(group.Key, "aten::mul", "Tensor", [new("self", new GraphArgument.Reference("d")), new("other", new GraphArgument.Reference("d"))], [new GraphValue(group.Key, numbers)]));
        }

        ImmutableArray<GraphArgument> outputs = [.. readers.Distinct().Select(name => (GraphArgument)new GraphArgument.Reference(name))];
        return new ExportedMethod("forward", new ExportedGraph([codes], nodes.ToImmutable(), outputs),
            new GraphSignature([new GraphInputSpec(GraphInputKind.UserInput, "q")], [.. outputs.Select(_ => new GraphOutputSpec(GraphOutputKind.UserOutput))]));
    }
}
