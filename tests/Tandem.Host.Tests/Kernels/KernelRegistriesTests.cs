using Tandem.Host.Kernels;
using Xunit;

namespace Tandem.Host.Tests.Kernels;

/// <summary>The operators are ExecuTorch's, by name.</summary>
public sealed class KernelRegistriesTests
{
    /// <summary>The asset lists what the runtime of ExecuTorch 1.4.1 answers when it is asked for the names of its registered operators.</summary>
    [Fact]
    public void EveryOperatorThatExecuTorchsRuntimeRegistersIsThere()
    {
        var names = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "assets", "executorch-operators.txt"));
        Assert.Equal(268, names.Length);
        Assert.Empty(names.Except(KernelRegistries.CreateDefault().Names));
    }
}
