using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Import;

/// <summary>What torch.export writes rarely; all of it in one deflated archive.</summary>
public sealed class FlowArchiveTests
{
    private static readonly ExportedProgram Flow = ExportedProgramReader.Read(TinyArchive.Path("flow.pt2"));

    [Fact]
    public void LoopsKeepTheirGraphs()
    {
        var loop = Flow.GetMethod("while_loop").Graph.Nodes.Single(node => node.Operator == "higher_order::while_loop");
        Assert.Equal(["cond_fn", "body_fn", "carried_inputs", "additional_inputs"], loop.Arguments.Select(argument => argument.Name));
        var (condition, body) = (Graph(loop, "cond_fn"), Graph(loop, "body_fn"));
        Assert.Equal(4, condition.Inputs.Length);
        Assert.Equal(["aten::sum", "aten::lt.Scalar"], condition.Nodes.Select(node => node.FullName));
        Assert.Equal(["aten::add.Tensor", "aten::linear"], body.Nodes.Select(node => node.FullName));
        Assert.Empty(condition.Inputs.Select(input => input.Name).Intersect(body.Inputs.Select(input => input.Name)));
        var handles = new[] { loop }.Concat(condition.Nodes).Concat(body.Nodes).Select(node => node.DebugHandle).ToList();
        Assert.Equal(handles.Count, handles.Distinct().Count());

        var scan = Assert.Single(Flow.GetMethod("scan").Graph.Nodes);
        Assert.Equal(["combine_fn", "init", "xs", "additional_inputs"], scan.Arguments.Select(argument => argument.Name));
        Assert.Equal(2, scan.Outputs.Length);
        Assert.Equal(new GraphArgument.List([]), scan.Find("additional_inputs"));
    }

    [Fact]
    public void RegionsWithoutGradientsAndWithoutCastsBecomePartOfTheGraph()
    {
        var graph = Flow.GetMethod("regions").Graph;
        var names = graph.Nodes.Select(node => node.FullName).Where(name => !name.StartsWith("aten::_assert", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(names, name => name.StartsWith("higher_order::", StringComparison.Ordinal));
        Assert.Equal(["aten::sin", "aten::mul.Tensor"], names.Take(2));
        Assert.Equal("aten::add.Tensor", names[^1]);
        Assert.Contains("aten::matmul", names);
    }

    [Fact]
    public void DerivedSizesHaveRanges()
    {
        var method = Flow.GetMethod("dynamic");
        var values = method.Graph.Nodes.SelectMany(node => node.Outputs).ToDictionary(value => value.Name);
        SymbolicInt[] Sizes(int output) => [.. values[Assert.IsType<GraphArgument.Reference>(method.Graph.Outputs[output]).Name].Tensor!.Sizes];
        Assert.Equal(["s77[2..9]", "s27//2[2..6]"], Sizes(0).Select(size => size.ToString()));
        Assert.Equal((12, 204), (Sizes(1)[0].Minimum, Sizes(1)[0].Maximum));
        Assert.Equal((5, 21), (Sizes(2)[1].Minimum, Sizes(2)[1].Maximum));
    }

    [Fact]
    public void InputsAndOutputsNeedNotBeTensors()
    {
        var method = Flow.GetMethod("dynamic");
        GraphArgument? Traced(string name) => method.Signature.FindInput(name)!.TracedValue;
        Assert.Equal(new GraphArgument.None(), Traced("n"));
        Assert.Equal(new GraphArgument.Int(3), Traced("k"));
        Assert.Equal(new GraphArgument.Text("a"), Traced("mode"));
        Assert.Equal(new GraphArgument.None(), method.Graph.Outputs[4]);
        Assert.Equal(new GraphArgument.Int(7), method.Graph.Outputs[5]);
        var value = method.Graph.Nodes.SelectMany(node => node.Outputs).Single(value => value.Name == ((GraphArgument.Reference)method.Graph.Outputs[6]).Name);
        Assert.Equal("2*s77 + 1[5..19]", value.Integer!.ToString());

        var number = Flow.GetMethod("number");
        Assert.Null(number.Signature.FindInput("k")!.TracedValue);
        Assert.Equal(2, number.Graph.Inputs.Single(input => input.Name == "k").Integer!.Minimum);
        Assert.Contains(number.Graph.Nodes, node => node.Find("other") is GraphArgument.Reference { Name: "k" });
    }

    [Fact]
    public void WeightsThatAreViewsKeepTheirLayout()
    {
        var tensors = Flow.GetMethod("mutate").Signature.Inputs.Where(input => input.Tensor is not null).ToDictionary(input => input.QualifiedName!, input => input.Tensor!);
        var view = tensors["view"].Spec;
        Assert.Equal([2L, 3L], view.Sizes.Select(size => size.Value));
        Assert.Equal([6L, 2L], view.Strides.Select(stride => stride.Value));
        Assert.Equal(6, view.StorageOffset.Value);
        Assert.Equal(96, tensors["view"].Storage.Length);
        Assert.Same(tensors["whole"].Storage, tensors["view"].Storage);
        Assert.True(tensors["last"].Spec is { DimOrder: [0, 2, 3, 1], Strides.IsDefault: true });
        Assert.True(tensors["permuted"].Spec is { DimOrder: [1, 2, 0], Strides.IsDefault: true });
        Assert.Equal([0L], tensors["expanded"].Spec.Strides.Select(stride => stride.Value));
    }

    [Fact]
    public void MutationIsWhatTheArchiveSays()
    {
        var inPlace = Flow.GetMethod("mutate");
        Assert.Contains(inPlace.Graph.Nodes, node => node.FullName == "aten::add_.Tensor");
        Assert.All(inPlace.Signature.Outputs, output => Assert.Equal(GraphOutputKind.UserOutput, output.Kind));

        var functional = Flow.GetMethod("mutate_functional");
        Assert.Equal([new(GraphOutputKind.BufferMutation, "total"), new(GraphOutputKind.UserInputMutation, "x"), new(GraphOutputKind.UserOutput)], functional.Signature.Outputs);
        Assert.True(functional.Signature.IsMutated("total"));
    }

    [Fact]
    public void NumbersThatTheDataDecidesHaveTheRangeOfTheirChecks()
    {
        var item = Flow.GetMethod("unbacked").Graph.Nodes.Single(node => node.Operator == "aten::item");
        Assert.Equal("u0[1..8]", Assert.Single(item.Outputs).Integer!.ToString());
        Assert.Contains(Flow.GetMethod("unbacked").Graph.Nodes, node => node.Operator == "_operator::ge");
    }

    [Fact]
    public void EveryMethodIsWritten() => Assert.All(Flow.Methods, method => Assert.All(
        method.Graph.Nodes, node => Assert.Contains(node.FullName, ExportedProgramText.Write(method))));

    private static ExportedGraph Graph(GraphNode node, string argument) => Assert.IsType<GraphArgument.Subgraph>(node.Find(argument)).Value;
}
