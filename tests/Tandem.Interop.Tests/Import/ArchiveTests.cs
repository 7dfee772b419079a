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
        var (archives, methods, nodes, tensors, pickled) = (0, 0, 0, 0, 0);
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
            catch (TandemException error) when (error is not { Code: ErrorCode.ExportedProgramNotSupported, Details.Found: "use_pickle" })
            {
                failures.Add($"{file}: {error.Message}");
            }
            catch (TandemException)
            {
                pickled++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{archives} archives, {methods} methods, {nodes} nodes, {tensors} tensors with bytes, {pickled} pickled, {clock.ElapsedMilliseconds} ms");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(archives + pickled >= 370, $"{archives} archives");
    }
}
