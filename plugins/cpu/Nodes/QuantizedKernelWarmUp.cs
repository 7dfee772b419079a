using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Has everything compiled that a product of quantised rows calls.</summary>
internal static class QuantizedKernelWarmUp
{
    private const long Key = 3L << 32;
    private const int MaxRows = 127;

    /// <summary>Asks for what a product of so many rows calls.</summary>
    public static void Request(KernelWarmUp warmUp, PackedQuantizedMatrix weights, int rows)
    {
        if (rows <= 0 || weights.PanelCount == 0)
        {
            return;
        }

        // Panels go in pairs, and an odd one alone. More rows than this take the largest tile and, for the rest, others that few calls reach.
        var panels = weights.PanelCount % 2 == 0 ? 2 : Math.Min(weights.PanelCount, 3);
        rows = Math.Min(rows, MaxRows);
        warmUp.Request(
            Key | ((long)weights.InstructionSet << 24) | ((long)weights.Kind << 16) | ((long)rows << 8) | (uint)panels,
            static key => Multiply((InstructionSet)(((int)key >> 24) & 0xF), (QuantizedWeightKind)(((int)key >> 16) & 0xF), ((int)key >> 8) & 0x7F, (int)key & 0xF));
    }

    /// <summary>A small product that calls all that a large one does.</summary>
    private static unsafe void Multiply(InstructionSet instructionSet, QuantizedWeightKind kind, int rows, int panels)
    {
        const int Depth = 2 * RowQuantizer.BlockLength;
        var n = panels * QuantizedKernelSet.For(instructionSet, kind).Width;
        using var weights = new PackedQuantizedMatrix(
            instructionSet, kind, n, Depth, kind == QuantizedWeightKind.Int4Block32 ? RowQuantizer.BlockLength : Depth);
        weights.Attach(PackedBlock.Allocate(weights.ByteCount));
        using var memory = new NativeBlock(QuantizedGemmJob.GetScratchBytes(Depth, rows) + ((long)rows * (n + Depth) * sizeof(float)));
        var input = (float*)(memory.Memory + QuantizedGemmJob.GetScratchBytes(Depth, rows));
        new Span<float>(input, rows * Depth).Fill(1);
        var job = new QuantizedGemmJob(
            instructionSet,
            [new QuantizedProduct { Weights = weights, C = input + (rows * Depth), CStride = n, Min = float.NegativeInfinity, Max = float.PositiveInfinity }]);
        job.Run(null, input, rows, 1, memory.Memory);
    }
}
