using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>Small products that call the same kernels as large ones of so many rows and columns.</summary>
internal static unsafe class ProductWarmUp
{
    private const int Depth = 8;
    private const int MaxColumns = 256;
    private const int MaxRows = 64;
    private const long GemmKey = 1L << 32;
    private const long BatchKey = 2L << 32;

    /// <param name="warmUp">Who compiles.</param>
    /// <param name="instructionSet">The rung.</param>
    /// <param name="format">What the kernels read, which is <see cref="PackedMatrix.Kernels"/>' own.</param>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="columns">Columns of it.</param>
    public static void Gemm(KernelWarmUp warmUp, InstructionSet instructionSet, WeightFormat format, int rows, int columns)
    {
        (rows, columns) = (Math.Clamp(rows, 1, MaxRows), Math.Clamp(columns, 1, MaxColumns));
        warmUp.Request(GemmKey | ((long)format << 28) | ((long)instructionSet << 24) | ((uint)rows << 12) | (uint)columns, static key =>
        {
            var (m, n) = (((int)key >> 12) & 0xFFF, (int)key & 0xFFF);
            var memory = (float*)NativeMemory.AllocZeroed((nuint)((n * Depth) + (m * Depth) + (m * n)), sizeof(float));
            try
            {
                var format = (WeightFormat)(((int)key >> 28) & 3);
                if (format == WeightFormat.Float16)
                {
                    *(Half*)memory = Half.PositiveInfinity;
                }

                using var weights = Kernels.Gemm.Pack(
                    (InstructionSet)(((int)key >> 24) & 0xF), memory, n, Depth, false, null,
                    format == WeightFormat.FiniteFloat16 ? WeightFormat.Float16 : format);
                Kernels.Gemm.Run(null, new GemmJob(), weights, memory + (n * Depth), m, Depth, memory + (n * Depth) + (m * Depth), n);
            }
            finally
            {
                NativeMemory.Free(memory);
            }
        });
    }

    public static void BatchMatMul(KernelWarmUp warmUp, InstructionSet instructionSet, int rows, int columns, bool isTransposed)
    {
        (rows, columns) = (Math.Clamp(rows, 1, MaxRows), Math.Clamp(columns, 1, MaxColumns));
        warmUp.Request(BatchKey | (isTransposed ? 1L << 28 : 0) | ((long)instructionSet << 24) | ((uint)rows << 12) | (uint)columns, static key =>
        {
            var (m, n) = (((int)key >> 12) & 0xFFF, (int)key & 0xFFF);
            var set = (InstructionSet)(((int)key >> 24) & 0xF);
            var scratch = Kernels.BatchMatMul.GetScratchBytes(set, n, Depth, 1);
            var memory = (byte*)NativeMemory.AlignedAlloc((nuint)scratch + (nuint)(((n * Depth) + (m * Depth) + (m * n)) * sizeof(float)), 64);
            try
            {
                var floats = (float*)(memory + scratch);
                new Span<float>(floats, (n * Depth) + (m * Depth)).Clear();
                Kernels.BatchMatMul.Run(null, new BatchMatMulJob(), set, new BatchMatMulArguments
                {
                    A = floats,
                    B = floats + (m * Depth),
                    C = floats + (m * Depth) + (n * Depth),
                    BatchCount = 1,
                    M = m,
                    N = n,
                    K = Depth,
                    AStride = Depth,
                    BStride = (key & (1 << 28)) != 0 ? Depth : n,
                    CStride = n,
                    IsBTransposed = (key & (1 << 28)) != 0,
                    Min = float.NegativeInfinity,
                    Max = float.PositiveInfinity,
                }, memory);
            }
            finally
            {
                NativeMemory.AlignedFree(memory);
            }
        });
    }
}
