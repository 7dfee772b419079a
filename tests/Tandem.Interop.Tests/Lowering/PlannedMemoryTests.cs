using Tandem.Host.Formats;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>Memory that we plan beside what ExecuTorch planned for the same archive.</summary>
public sealed class PlannedMemoryTests(ITestOutputHelper output)
{
    // ExecuTorch writes one operator that none of its kernels runs (conv3d), or whose kernel in half precision departs from eager PyTorch; ours is made of
    // operators that give the right result there, and their intermediate values take memory.
    private static readonly string[] s_wrongInExecuTorch = ["ops/conv3d", "ops/conv2d_f16", "models/convnet_fp16"];

    [Fact]
    public void Planned_memory_is_never_larger_than_that_of_ExecuTorch_and_smaller_for_most_programs()
    {
        Assert.SkipWhen(EmittedCase.Folders.Length == 0, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        int smaller = 0, equal = 0;
        long ours = 0, theirs = 0;
        var larger = new List<string>();
        var refused = new List<string>();
        foreach (var folder in EmittedCase.Folders.Where(folder => File.Exists(Path.Combine(folder, "portable.pte"))))
        {
            try
            {
                var own = EmittedCase.PlannedBytes(EmittedCase.Emit(folder).Plans.Select(plan => plan.Plan.PlannedBufferSizes));
                using var source = DataSource.FromFile(Path.Combine(folder, "portable.pte"));
                var other = EmittedCase.PlannedBytes(ProgramReader.Read(source).Plans.Select(plan => plan.PlannedBufferSizes));
                (ours, theirs) = (ours + own, theirs + other);
                (smaller, equal) = (smaller + (own < other ? 1 : 0), equal + (own == other ? 1 : 0));
                if (own > other || EmittedCase.Name(folder).StartsWith("models", StringComparison.Ordinal))
                {
                    output.WriteLine($"{EmittedCase.Name(folder),-40} {own,12:n0} {other,12:n0}  {(double)own / Math.Max(other, 1):0.00}");
                }

                if (own > other && !s_wrongInExecuTorch.Contains(EmittedCase.Name(folder)))
                {
                    larger.Add($"{EmittedCase.Name(folder)}: {own} for {other}");
                }
            }
            catch (TandemException error)
            {
                refused.Add($"{EmittedCase.Name(folder)}: {error.Message}");
            }
        }

        output.WriteLine($"{smaller} smaller, {equal} equal, {larger.Count} larger, {refused.Count} refused; all together {(double)ours / theirs:0.000}");
        output.WriteLine(string.Join('\n', refused));
        Assert.True(larger.Count == 0, string.Join('\n', larger));
        Assert.True(refused.Count == 0, string.Join('\n', refused));
        Assert.True(smaller > equal);
    }
}
