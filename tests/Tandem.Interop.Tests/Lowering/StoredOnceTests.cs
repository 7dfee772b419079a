using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>What methods and partitions of a model share is in its program once.</summary>
public sealed class StoredOnceTests
{
    [Theory]
    [InlineData("models", "unequal_partitions")]
    [InlineData("models", "mlp_two_methods")]
    [InlineData("models", "three_methods")]
    [InlineData("models", "tied_weights")]
    public void I2_every_distinct_tensor_is_stored_once(string kind, string name)
    {
        var archive = SharedVectors.Path(kind, name, "model.pt2");
        var exported = ExportedProgramReader.Read(archive);
        var distinct = exported.Methods.SelectMany(method => method.Signature.Inputs).Where(input => input.Tensor is not null)
            .Select(input => input.Tensor!.Storage).DistinctBy(storage => storage.ContentHash).Sum(storage => storage.Length);
        var folder = Directory.CreateTempSubdirectory("tandem-once-").FullName;
        try
        {
            using var runtime = CpuPlugin.CreateRuntime();
            foreach (string[] order in new string[][] { [], ["tandem.cpu"] })
            {
                var options = new LoweringOptions { Strip = true };
                options.Backends.Order.AddRange(order);
                var report = new ProgramLowering(runtime, options).LowerFile(archive, Path.Combine(folder, "model.pte"));
                // Beside the weights: small constants that passes and the backend compute.
                Assert.InRange(report.Sizes.WeightBytes, 1, distinct + Math.Max(512, distinct / 50));
                var inspected = runtime.Inspect(Path.Combine(folder, "model.pte"));
                Assert.Equal(inspected.NamedData.Count, inspected.NamedData.DistinctBy(data => data.Key).Count());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
