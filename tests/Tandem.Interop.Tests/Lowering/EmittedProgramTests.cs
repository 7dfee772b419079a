using System.Globalization;
using Tandem.Host.Formats;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>Every recorded archive, emitted without a backend: read back by the verifier, run, and compared with the recorded outputs.</summary>
public sealed class EmittedProgramTests
{
    public static TheoryData<string> Cases { get; } = EmittedCase.Folders.Length == 0 ? ["absent"] : [.. EmittedCase.Folders.Select(EmittedCase.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recorded_archives_give_the_recorded_outputs(string name)
    {
        var folder = SharedVectors.Path(name.Split('/'));
        var bytes = EmittedCase.Bytes(EmittedCase.Emit(folder));
        using (var source = DataSource.FromMemory(name, bytes))
        {
            ProgramReader.Read(source);
        }

        // For a look at the files in another runtime.
        if (Environment.GetEnvironmentVariable("TANDEM_KEEP_EMITTED") is { Length: > 0 } keep)
        {
            Directory.CreateDirectory(Path.Combine(keep, Path.GetDirectoryName(name)!));
            File.WriteAllBytes(Path.Combine(keep, name + ".pte"), bytes);
        }

        var result = EmittedCase.Replay(bytes, folder);
        Assert.True(result.Problems.Count == 0, string.Join('\n', result.Problems));
        Assert.True(result.OutputCount > 0 && result.AgreeingOutputs == result.OutputCount);
    }

    [Fact]
    public void T13_a_program_has_the_same_bytes_on_every_run_and_in_another_culture()
    {
        foreach (var name in new[] { "transformer_encoder", "running_mean_two_methods", "control_flow_cond", "many_ops" })
        {
            var folder = SharedVectors.Path("models", name);
            var first = EmittedCase.Bytes(EmittedCase.Emit(folder));
            var culture = CultureInfo.CurrentCulture;
            try
            {
                CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NegativeSign = "~", NumberDecimalSeparator = "," } };
                Assert.Equal(first, EmittedCase.Bytes(EmittedCase.Emit(folder)));
            }
            finally
            {
                CultureInfo.CurrentCulture = culture;
            }
        }
    }
}
