using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed class KernelSetTests
{
    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Compiling_ahead_covers_every_number_of_rows_and_panels(string rung)
    {
        var kernels = KernelSet.For(Rungs.Use(rung));
        for (var rows = 0; rows <= 20; rows++)
        {
            for (var panels = 0; panels <= 10; panels++)
            {
                kernels.Compile(rows, panels);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public unsafe void Every_tile_that_a_rung_may_take_has_a_kernel(string rung)
    {
        var kernels = KernelSet.For(Rungs.Use(rung));
        for (var rows = 1; rows <= 8; rows++)
        {
            for (var panels = 1; panels <= kernels.MaxPanels(rows); panels++)
            {
                Assert.True(kernels.Tile(rows, panels) != null, $"{rung} {rows}x{panels}");
            }
        }
    }

    [Fact]
    public void Rungs_above_a_limit_are_switched_off()
    {
        Assert.Equal(InstructionSet.Scalar, CpuFeatures.BestUpTo(InstructionSet.Scalar));
        Assert.Equal(InstructionSet.Vector128, CpuFeatures.BestUpTo(InstructionSet.Vector128));
        foreach (var limit in CpuFeatures.All)
        {
            Assert.True(CpuFeatures.BestUpTo(limit) <= limit);
            Assert.True(CpuFeatures.IsSupported(CpuFeatures.BestUpTo(limit)));
        }

        Assert.Equal(CpuFeatures.BestUpTo(InstructionSet.Avx512Vnni), CpuFeatures.Best);
        Assert.Equal(CpuFeatures.ToFloat(CpuFeatures.Best), CpuFeatures.BestFloat);
    }

    [Fact]
    public void A_rung_that_the_cpu_lacks_is_refused()
    {
        foreach (var rung in CpuFeatures.All)
        {
            if (!CpuFeatures.IsSupported(rung))
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => KernelSet.For(rung));
            }
        }
    }
}
