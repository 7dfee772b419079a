using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests;

public sealed class KernelPreparationTests
{
    [Fact]
    public void Every_kernel_of_every_rung_can_be_called_with_nothing_to_do()
    {
        foreach (var rung in CpuFeatures.All)
        {
            if (CpuFeatures.IsSupported(rung))
            {
                KernelPreparation.Run(rung, CancellationToken.None);
            }
        }
    }

    [Fact]
    public void It_can_be_ended() =>
        Assert.Throws<OperationCanceledException>(() => KernelPreparation.Run(CpuFeatures.Best, new CancellationToken(canceled: true)));
}
