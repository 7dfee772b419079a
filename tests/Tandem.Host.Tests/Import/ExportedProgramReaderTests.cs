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
