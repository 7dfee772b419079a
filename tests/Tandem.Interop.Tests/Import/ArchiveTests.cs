using System.Diagnostics;
using Tandem.Host.Import;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Import;

/// <summary>Archives that torch.export wrote.</summary>
public sealed class ArchiveTests
{
    [Fact]
    public void EveryArchiveImports()
    {
        var clock = Stopwatch.StartNew();
        var (archives, methods, nodes, tensors) = (0, 0, 0, 0);
        var failures = new List<string>();
        foreach (var file in SharedVectors.Files(".pt2"))
        {
            try
            {
                var program = ExportedProgramReader.Read(file);
                archives++;
                methods += program.Methods.Length;
                nodes += program.Methods.Sum(method => method.Graph.Nodes.Length);
                tensors += program.Methods.Sum(method => method.Signature.Inputs.Count(input => input.Tensor is not null));
            }
            catch (TandemException error)
            {
                failures.Add($"{file}: {error.Message}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{archives} archives, {methods} methods, {nodes} nodes, {tensors} tensors with bytes, {clock.ElapsedMilliseconds} ms");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(archives >= 370, $"{archives} archives");
    }

    [Fact]
    public void QuantisedWeightsAreTheTensorsThatTheSubclassHolds()
    {
        var program = ExportedProgramReader.Read(SharedVectors.Path("models", "mlp_8da8w", "model.pt2"));
        var method = program.GetMethod("forward");
        var inputs = method.Signature.Inputs;
        Assert.Equal(["net.0.weight.qdata", "net.0.weight.scale", "net.0.weight.zero_point", "net.0.bias"], inputs.Take(4).Select(input => input.QualifiedName));
        Assert.Equal(TensorSpec.Contiguous(ScalarType.Char, 96, 64), inputs[0].Tensor!.Spec);
        Assert.Equal(6144, inputs[0].Tensor!.Storage.Length);
        Assert.Equal(ScalarType.Float, inputs[1].Tensor!.Spec.ScalarType);
        Assert.DoesNotContain(method.Graph.Nodes, node => node.Operator.StartsWith("export::", StringComparison.Ordinal));
        Assert.Contains(method.Graph.Nodes, node => node.Find("input") is GraphArgument.Reference { Name: "p_net_0_weight_qdata" });
        Assert.Equal(method.Graph.Inputs.Select(input => input.Name), inputs.Select(input => input.ValueName));
    }

    [Theory]
    [InlineData("tales.pt2", 3_700_000)]
    [InlineData("tales_8da4w.pt2", 4_000_000)]
    public void I12_MethodsThatHoldEqualBytesShareThem(string name, long most)
    {
        var program = ExportedProgramReader.Read(SharedVectors.Path("tales", name));
        var (prefill, decode) = (Stored(program, "prefill"), Stored(program, "decode"));
        var shared = prefill.Keys.Intersect(decode.Keys).ToList();
        Assert.True(shared.Count >= 49, $"{shared.Count} names in both");
        Assert.All(shared, tensor => Assert.Same(prefill[tensor].Storage, decode[tensor].Storage));
        var distinct = prefill.Values.Concat(decode.Values).Select(tensor => tensor.Storage).Distinct().ToList();
        Assert.Equal(distinct.Count, distinct.Select(storage => storage.ContentHash).Distinct().Count());
        Assert.InRange(distinct.Sum(storage => storage.Length), 1_000_000, most);
    }

    [Fact]
    public void TiedTensorsShareOneContent()
    {
        var program = ExportedProgramReader.Read(SharedVectors.Path("models", "tied_weights", "model.pt2"));
        var tensors = Stored(program, "forward");
        var tied = tensors.GroupBy(entry => entry.Value.Storage).Where(group => group.Count() > 1).Select(group => group.Select(entry => entry.Key).Order()).ToList();
        Assert.Contains(tied, names => names.Any(name => name.Contains("embed", StringComparison.Ordinal)) || names.Count() > 1);
    }

    [Fact]
    public void TwoMethodsOfOneNetHoldEachWeightOnce()
    {
        var program = ExportedProgramReader.Read(SharedVectors.Path("models", "mlp_two_methods", "model.pt2"));
        var (one, many) = (Stored(program, "one"), Stored(program, "many"));
        Assert.Equal(one.Keys.Order(), many.Keys.Order());
        Assert.All(one, entry => Assert.Same(entry.Value.Storage, many[entry.Key].Storage));
    }

    [Fact]
    public void ReadingTheTalesCopiesNoWeights()
    {
        var path = SharedVectors.Path("tales", "tales.pt2");
        ExportedProgramReader.Read(path);
        const int Rounds = 10;
        var (allocated, processor, clock) = (GC.GetAllocatedBytesForCurrentThread(), Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        for (var round = 0; round < Rounds; round++)
        {
            ExportedProgramReader.Read(path);
        }

        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / Rounds;
        var elapsed = clock.Elapsed.TotalMilliseconds / Rounds;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{elapsed:f1} ms, {(Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / Rounds:f1} ms of processor, {allocated / 1024} KiB allocated");
        Assert.True(allocated < 8 << 20, $"{allocated} bytes");
        Assert.True(elapsed < 2000, $"{elapsed} ms");
    }

    private static Dictionary<string, ExportedTensor> Stored(ExportedProgram program, string method) =>
        program.GetMethod(method).Signature.Inputs.Where(input => input.Tensor is not null).ToDictionary(input => input.QualifiedName!, input => input.Tensor!);
}
