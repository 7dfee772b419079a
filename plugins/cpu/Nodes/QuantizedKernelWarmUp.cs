using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Has the tiles compiled that a product of quantised rows calls.</summary>
internal static class QuantizedKernelWarmUp
{
    private const long Key = 3L << 32;
    private const int MaxRows = 127;

    /// <summary>Asks for the tiles of so many rows.</summary>
    public static void Request(KernelWarmUp warmUp, PackedQuantizedMatrix weights, int rows)
    {
        var panels = Math.Min(weights.PanelCount, 3);
        if (rows <= 0 || panels == 0)
        {
            return;
        }

        // More rows than this take the largest tile and, for the rest, others that few calls reach.
        rows = Math.Min(rows, MaxRows);
        warmUp.Request(
            Key | ((long)weights.InstructionSet << 24) | ((long)weights.Kind << 16) | ((long)rows << 8) | (uint)panels,
            static key => QuantizedKernelSet.For((InstructionSet)(((int)key >> 24) & 0xF), (QuantizedWeightKind)(((int)key >> 16) & 0xF))
                .Compile(((int)key >> 8) & 0x7F, (int)key & 0xF));
    }
}
