using System.Diagnostics;
using Tandem.Host.Formats;
using Xunit;

namespace Tandem.Interop.Tests.Formats;

public sealed class GenuineFileTests
{
    [Fact]
    public void EveryProgramIsRead() => ReadAll(".pte", source => Assert.NotEmpty(ProgramReader.Read(source).Plans));

    [Fact]
    public void EveryDataFileIsRead() => ReadAll(".ptd", source => Assert.NotEmpty(FlatTensorReader.Read(source).NamedData));

    [Fact]
    public void ALargeProgramIsReadInMilliseconds()
    {
        using var source = DataSource.FromFile(SharedVectors.Path("tales", "xnnpack_fp32.pte"));
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 200; i++)
        {
            var start = Stopwatch.GetTimestamp();
            ProgramReader.Read(source);
            var time = Stopwatch.GetElapsedTime(start);
            best = time < best ? time : best;
        }

        // The target is 2 ms; a busy machine of another kind may take longer.
        Assert.InRange(best.TotalMilliseconds, 0, 10);
        TestContext.Current.SendDiagnosticMessage("tales/xnnpack_fp32.pte: {0:F2} ms", best.TotalMilliseconds);
    }

    private static void ReadAll(string extension, Action<DataSource> read)
    {
        var failures = new List<string>();
        var files = SharedVectors.Files(extension);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            try
            {
                using var source = DataSource.FromFile(file);
                read(source);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                failures.Add($"{file}: {error.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }
}
