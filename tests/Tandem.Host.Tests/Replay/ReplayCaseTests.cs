using Tandem.Host.Replay;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Replay;

public sealed class ReplayCaseTests
{
    private static readonly TensorData One = new(new TensorLayout(ScalarType.Float, [1]), new byte[4]);

    [Fact]
    public void PythonsInfinityIsNoObstacle()
    {
        using var folder = Write("""{"note":"NaN, \"Infinity\"","worst":[-Infinity,Infinity,NaN],"atol":0,"rtol":0}""", "out.0");
        Assert.Single(ReplayCase.Read(folder.Path).Calls);
    }

    [Fact]
    public void CallsAreReadInOrderWithPlainValues()
    {
        using var folder = Write("""{"name":"n","atol":0.1,"rtol":0.2,"calls":[{"method":"a","inputs":["x",0.5,3,true],"outputs":["y"]},{"method":"b","inputs":[],"outputs":[]}]}""", "x", "y");
        var read = ReplayCase.Read(folder.Path);
        Assert.Equal(("n", 0.1, 0.2), (read.Name, read.AbsoluteTolerance, read.RelativeTolerance));
        Assert.Equal(["a", "b"], read.Calls.Select(call => call.Method));
        Assert.Equal([null, 0.5, 3L, true], read.Calls[0].Inputs.Select(input => input.Scalar));
        Assert.Equal("x", read.Calls[0].Inputs[0].Name);
    }

    [Fact]
    public void AFunctionHasUpToTwoSetsOfTensors()
    {
        using var folder = Write("""{"name":"f","atol":0,"rtol":0}""", "in.0", "in.1", "out.0", "in2.0", "in2.1", "out2.0", "et.0");
        var read = ReplayCase.Read(folder.Path);
        Assert.Equal(2, read.Calls.Count);
        Assert.All(read.Calls, call => Assert.Equal(("forward", 2, 1), (call.Method, call.Inputs.Count, call.Outputs.Count)));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"atol":0,"rtol":0,"calls":[{"method":"a","inputs":["gone"],"outputs":[]}]}""")]
    [InlineData("""{"atol":0,"rtol":0,"calls":[{"inputs":[],"outputs":[]}]}""")]
    [InlineData("""{"atol":"x","rtol":0,"calls":[]}""")]
    [InlineData("""{"atol":0,"rtol":0}""")]
    public void ADamagedCaseIsATypedError(string json)
    {
        using var folder = Write(json, "x");
        Assert.Equal(ErrorCode.TensorFileInvalid, Assert.Throws<TandemException>(() => ReplayCase.Read(folder.Path)).Code);
    }

    private static TemporaryFolder Write(string json, params string[] tensors)
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("case.json"), json);
        SafetensorsFile.Write(folder.File("io.safetensors"), tensors.Select(name => KeyValuePair.Create(name, One)));
        return folder;
    }
}
