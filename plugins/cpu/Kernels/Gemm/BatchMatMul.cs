using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Products of two activations.</summary>
internal static unsafe class BatchMatMul
{
    /// <summary>Bytes of scratch for <see cref="Run"/>, aligned to 64 bytes.</summary>
    public static nint GetScratchBytes(InstructionSet instructionSet, int n, int k, int threads) =>
        threads * BatchMatMulJob.ScratchPerWorker(KernelSet.For(instructionSet), n, k);

    /// <summary>Runs a batch of products. K = 0 gives zeros, clamped.</summary>
    /// <param name="pool">Threads; null runs on the caller's.</param>
    /// <param name="job">An object that the caller keeps, used by one batch at a time.</param>
    /// <param name="instructionSet">The rung.</param>
    /// <param name="arguments">Operands; C overlaps nothing.</param>
    /// <param name="scratch">As many bytes as <see cref="GetScratchBytes"/> says.</param>
    public static void Run(ComputePool? pool, BatchMatMulJob job, InstructionSet instructionSet, in BatchMatMulArguments arguments, byte* scratch)
    {
        if (arguments.BatchCount > 0 && arguments.M > 0 && arguments.N > 0)
        {
            job.Run(pool, KernelSet.For(instructionSet), arguments, scratch);
        }
    }
}
