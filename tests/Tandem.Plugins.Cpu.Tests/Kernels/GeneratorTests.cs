using System.Runtime.CompilerServices;
using Tandem.Plugins.Cpu.Kernels.Generator;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed class GeneratorTests
{
    [Fact]
    public void Checked_in_kernels_are_what_the_generator_writes() => Check("Gemm", F32GemmGenerator.Generate());

    [Fact]
    public void Checked_in_quantised_kernels_are_what_the_generator_writes() => Check("QuantizedGemm", QuantizedTilesGenerator.Generate());

    private static void Check(string name, IEnumerable<(string Name, string Text)> files)
    {
        var folder = Path.Combine(Here(), "../../../plugins/cpu/Kernels", name);
        Assert.SkipUnless(Directory.Exists(folder), "the sources are not where they were built");
        var expected = files.ToDictionary(file => file.Name, file => file.Text);
        Assert.Equal(expected.Keys.Order(), Directory.GetFiles(folder, "*.g.cs").Select(Path.GetFileName).Order());
        foreach (var (file, text) in expected)
        {
            Assert.Equal(text, File.ReadAllText(Path.Combine(folder, file)).ReplaceLineEndings("\n"));
        }
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
