using Tandem.Host.Import;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Import;

public sealed class ExportedProgramReaderTests
{
    [Fact]
    public void TheOnlyModelBecomesForward()
    {
        var program = ExportedProgramReader.FromMemory(ArchiveBuilder.WithModel(ArchiveBuilder.AddOne), "test");
        var method = Assert.Single(program.Methods);
        Assert.Equal("forward", method.Name);
        var node = Assert.Single(method.Graph.Nodes);
        Assert.Equal("add = aten::add.Tensor", node.ToString());
        Assert.Equal(new GraphArgument.Reference("x"), node.Find("self"));
        Assert.Equal(new GraphArgument.Int(1), node.Find("other"));
        Assert.Null(node.Find("alpha"));
        Assert.Equal(1, node.DebugHandle);
        Assert.Contains("line 7", node.SourceLocation);
        Assert.Equal(TensorSpec.Contiguous(ScalarType.Float, 2), Assert.Single(node.Outputs).Tensor);
    }

    [Fact]
    [ProducesError(ErrorCode.ExportedProgramNotSupported)]
    public void AnUnknownOperatorIsNamedWithItsNodeAndSourceLine()
    {
        var error = Expect.Error(ErrorCode.ExportedProgramNotSupported, Model(("torch.ops.aten.add.Tensor", "torch.ops.acme.frobnicate.default")));
        Assert.Contains("torch.ops.acme.frobnicate.default", error.Message);
        Assert.Contains("node 'add' of method 'forward' (nets.py, line 7, in forward: return x + 1)", error.Message);
    }

    [Fact]
    [ProducesError(ErrorCode.ExportedProgramInvalid)]
    public void AValueThatNothingSetsIsNamed()
    {
        var error = Expect.Error(ErrorCode.ExportedProgramInvalid, Model(("\"arg\": {\"as_tensor\": {\"name\": \"x\"}}, \"kind\"", "\"arg\": {\"as_tensor\": {\"name\": \"add\"}}, \"kind\"")));
        Assert.Contains("add", error.Message);
    }

    [Fact]
    [ProducesError(ErrorCode.ArchiveInvalid)]
    public void AWrongChecksumIsFound()
    {
        var archive = ArchiveBuilder.WithModel(ArchiveBuilder.AddOne);
        archive[archive.AsSpan().IndexOf("2.13.0"u8)] = (byte)'3';
        Expect.Error(ErrorCode.ArchiveInvalid, () => ExportedProgramReader.FromMemory(archive, "test"));
    }

    [Theory]
    [InlineData("tiny_2.7.pt2")]
    [InlineData("tiny_2.8.pt2")]
    public void PickledWeightsOfOldArchivesAreThoseOfNewOnes(string name)
    {
        var expected = ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")).GetMethod("step");
        var actual = ExportedProgramReader.Read(TinyArchive.Path(name)).GetMethod("forward");
        Assert.Equal(expected.Graph.Nodes.Select(node => node.FullName), actual.Graph.Nodes.Select(node => node.FullName));
        Assert.Equal(expected.Graph.Inputs, actual.Graph.Inputs);
        Assert.Equal(expected.Signature.Inputs.Length, actual.Signature.Inputs.Length);
        Assert.Equal(expected.Signature.Outputs, actual.Signature.Outputs);
        foreach (var (left, right) in expected.Signature.Inputs.Zip(actual.Signature.Inputs))
        {
            Assert.Equal(left with { Tensor = null }, right with { Tensor = null });
            Assert.Equal(left.Tensor?.Spec, right.Tensor?.Spec);
            Assert.Equal(left.Tensor?.Storage.ContentHash, right.Tensor?.Storage.ContentHash);
        }
    }

    [Fact]
    public void ParametersBuffersAndConstantsKeepTheirKind()
    {
        var inputs = ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")).GetMethod("step").Signature.Inputs.ToDictionary(input => input.ValueName);
        Assert.Equal(GraphInputKind.Parameter, inputs["p_a_weight"].Kind);
        Assert.Equal("a.weight", inputs["p_a_weight"].QualifiedName);
        Assert.True(inputs["b_total"] is { Kind: GraphInputKind.Buffer, IsPersistent: true });
        Assert.True(inputs["b_scale"] is { Kind: GraphInputKind.Buffer, IsPersistent: false });
        Assert.Equal(GraphInputKind.Constant, inputs["c_lifted_tensor_0"].Kind);
        Assert.Equal(GraphInputKind.UserInput, inputs["x"].Kind);
        Assert.Equal([1f, 2f, 4f], Floats(inputs["b_scale"]));
        Assert.Equal([1f, 2f, 3f], Floats(inputs["c_lifted_tensor_0"]));
    }

    [Fact]
    public void NumbersOfTheCallerKeepWhatTheyWereTracedWith()
    {
        var peek = ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")).GetMethod("peek");
        Assert.Equal(new GraphArgument.Int(3), peek.Signature.Inputs.Single(input => input.ValueName == "count").TracedValue);
        Assert.Null(peek.Signature.FindInput("x")!.TracedValue);
    }

    [Fact]
    public void SymbolicSizesKeepTheirRange()
    {
        var method = ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")).GetMethod("step");
        var rows = method.Graph.Inputs.Single(input => input.Name == "x").Tensor!.Sizes[0];
        Assert.Equal((1, 16), (rows.Minimum, rows.Maximum));
        Assert.False(rows.IsConstant);
    }

    [Fact]
    public void I12_MethodsAndTiedTensorsShareEqualBytes()
    {
        var program = ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2"));
        DataContent Storage(string method, string name) => program.GetMethod(method).Signature.Inputs.Single(input => input.QualifiedName == name).Tensor!.Storage;
        Assert.Same(Storage("step", "a.weight"), Storage("peek", "b.weight"));
        Assert.NotSame(Storage("step", "a.weight"), Storage("step", "a.bias"));
    }

    [Fact]
    public void TheMappingLivesAsLongAsAContent()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "tiny.pt2");
        File.Copy(TinyArchive.Path("tiny.pt2"), path);
        var content = ReadBuffer(path);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var bytes = new byte[12];
        content.Read(0, bytes);
        Assert.Equal([1f, 2f, 4f], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray());

        static DataContent ReadBuffer(string path) => ExportedProgramReader.Read(path).GetMethod("step").Signature.Inputs.Single(input => input.QualifiedName == "scale").Tensor!.Storage;
    }

    private static float[] Floats(GraphInputSpec input)
    {
        var bytes = new byte[input.Tensor!.Storage.Length];
        input.Tensor.Storage.Read(0, bytes);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    private static Action Model(params (string From, string To)[] changes)
    {
        var text = ArchiveBuilder.AddOne;
        foreach (var (from, to) in changes)
        {
            Assert.Contains(from, text);
            text = text.Replace(from, to);
        }

        return () => ExportedProgramReader.FromMemory(ArchiveBuilder.WithModel(text), "test");
    }
}
