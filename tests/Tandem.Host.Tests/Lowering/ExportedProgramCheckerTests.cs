using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Tests.Import;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class ExportedProgramCheckerTests
{
    private static readonly TensorSpec Two = TensorSpec.Contiguous(ScalarType.Float, 2);

    [Fact]
    public void WhatTheReaderGivesPasses() => ExportedProgramChecker.Check(ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")));

    [Fact]
    public void AValueIsSetOnce()
    {
        var method = Method();
        Refuse(method with { Graph = method.Graph with { Nodes = [Relu("relu", "x", "x")] } }, "'x'");
        Refuse(method with { Graph = method.Graph with { Nodes = [Relu("relu", "x", "y"), Relu("other", "x", "y")] } }, "other");
    }

    [Fact]
    public void AValueIsSetBeforeItIsUsed()
    {
        var method = Method();
        Refuse(method with { Graph = method.Graph with { Nodes = [Relu("relu", "y", "y")] } }, "relu");
        Refuse(method with { Graph = method.Graph with { Outputs = [new GraphArgument.Reference("z")] } }, "'z'");
    }

    [Fact]
    public void NestedGraphsSeeOnlyTheirInputs()
    {
        var method = Method();
        ExportedGraph Branch(string reads, string name) => new([new GraphValue($"{name}_in", Two)], [Relu($"{name}_relu", reads, name)], [new GraphArgument.Reference(name)]);
        GraphNode Cond(ExportedGraph branch) => new("cond", "higher_order::cond", "",
        [
            new("pred", new GraphArgument.Bool(true)), new("true_fn", new GraphArgument.Subgraph(branch)), new("false_fn", new GraphArgument.Subgraph(Branch("b_in", "b"))),
            new("operands", new GraphArgument.List([new GraphArgument.Reference("x")])),
        ], [new GraphValue("y", Two)]);
        ExportedProgramChecker.Check(method with { Graph = method.Graph with { Nodes = [Cond(Branch("a_in", "a"))] } });
        Refuse(method with { Graph = method.Graph with { Nodes = [Cond(Branch("x", "a"))] } }, "a_relu");
        Refuse(method with { Graph = method.Graph with { Nodes = [Cond(Branch("b_in", "b"))] } }, "set twice");
    }

    [Fact]
    public void NamesOfNodesAreUnique()
    {
        var method = Method();
        Refuse(method with { Graph = method.Graph with { Nodes = [Relu("relu", "x", "y"), Relu("relu", "x", "z")] } }, "relu");
    }

    [Fact]
    public void ArgumentsAreThoseOfTheSchema()
    {
        var method = Method();
        var relu = Relu("relu", "x", "y");
        Refuse(method with { Graph = method.Graph with { Nodes = [relu with { Arguments = [new("input", new GraphArgument.Reference("x"))] }] } }, "'relu' (aten::relu)");
        Refuse(method with { Graph = method.Graph with { Nodes = [relu with { Arguments = [] }] } }, "lacks an argument");
        Refuse(method with { Graph = method.Graph with { Nodes = [relu with { Arguments = [.. relu.Arguments, .. relu.Arguments] }] } }, "twice");
        Refuse(method with { Graph = method.Graph with { Nodes = [relu with { Outputs = [new("y", Two), new("z", Two)] }] } }, "number of results");
    }

    [Fact]
    public void SpecsArePossible()
    {
        var method = Method();
        foreach (var spec in (TensorSpec[])[Two with { DimOrder = [] }, Two with { DimOrder = [1] }, Two with { Sizes = [-1] }, Two with { Strides = [1, 1] }, Two with { ScalarType = (ScalarType)99 }])
        {
            Refuse(method with { Graph = method.Graph with { Inputs = [new GraphValue("x", spec)] } }, "'x'");
        }
    }

    [Fact]
    public void TheSignatureFitsTheGraph()
    {
        var method = Method();
        var input = method.Signature.Inputs[0];
        Refuse(method with { Signature = method.Signature with { Inputs = [] } }, "number of inputs");
        Refuse(method with { Signature = method.Signature with { Outputs = [] } }, "number of outputs");
        Refuse(method with { Signature = method.Signature with { Inputs = [input with { ValueName = "y" }] } }, "order");
        Refuse(method with { Signature = method.Signature with { Inputs = [input with { Kind = GraphInputKind.Parameter }] } }, "name in the model");
        Refuse(method with { Signature = method.Signature with { Outputs = [new(GraphOutputKind.BufferMutation, "state")] } }, "'state'");
        Refuse(method with { Signature = method.Signature with { Inputs = [Parameter(TensorSpec.Contiguous(ScalarType.Half, 2), 8)] } }, "dtype or sizes");
        Refuse(method with { Signature = method.Signature with { Inputs = [Parameter(Two, 7)] } }, "end of its storage");
        ExportedProgramChecker.Check(method with { Signature = method.Signature with { Inputs = [Parameter(Two, 8)] } });

        static GraphInputSpec Parameter(TensorSpec spec, int bytes) => new(GraphInputKind.Parameter, "x")
        {
            QualifiedName = "weight",
            Tensor = new ExportedTensor(spec, DataContent.FromMemory(new byte[bytes], "test")),
        };
    }

    [Fact]
    public void MethodsHaveNamesOfTheirOwn()
    {
        var error = Expect.Error(ErrorCode.ExportedProgramInvalid, () => ExportedProgramChecker.Check(new ExportedProgram([Method(), Method()])));
        Assert.Contains("forward", error.Message);
        Expect.Error(ErrorCode.ExportedProgramInvalid, () => ExportedProgramChecker.Check(new ExportedProgram([])));
    }

    private static void Refuse(ExportedMethod method, string text)
    {
        var error = Expect.Error(ErrorCode.ExportedProgramInvalid, () => ExportedProgramChecker.Check(method));
        Assert.Contains(text, error.Message);
        Assert.Contains("method 'forward'", error.Message);
    }

    private static GraphNode Relu(string name, string from, string to) =>
        new(name, "aten::relu", "", [new("self", new GraphArgument.Reference(from))], [new GraphValue(to, Two)]);

    private static ExportedMethod Method() => new("forward",
        new ExportedGraph([new GraphValue("x", Two)], [Relu("relu", "x", "y")], [new GraphArgument.Reference("y")]),
        new GraphSignature([new(GraphInputKind.UserInput, "x")], [new(GraphOutputKind.UserOutput)]));
}
