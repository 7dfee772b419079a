using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu;

/// <summary>Has every kernel of an instruction set compiled, by calling each with nothing to do.</summary>
internal static unsafe class KernelPreparation
{
    public static void Run(InstructionSet instructionSet, CancellationToken cancellationToken)
    {
        foreach (var kind in Enum.GetValues<UnaryKind>())
        {
            cancellationToken.ThrowIfCancellationRequested();
            UnaryKernels.Get(kind, instructionSet)(null, null, 0, 0, 0);
        }

        foreach (var kind in Enum.GetValues<BinaryKind>())
        {
            cancellationToken.ThrowIfCancellationRequested();
            BinaryKernels.Get(kind, instructionSet)(default, null, null, null, 0, 0);
        }

        SoftmaxKernel.Get(instructionSet)(null, null, 0, 0);
        StridedCopy.WarmUp();
        PoolingArguments pooling = default;
        PoolingKernels.GetAverage(instructionSet)(&pooling, 0, 0);
        PoolingKernels.GetMaximum(instructionSet)(&pooling, 0, 0);
        KernelSet.For(instructionSet).CompileAll(cancellationToken);
        if (CpuFeatures.ToFloat(instructionSet) == InstructionSet.Avx512)
        {
            // Serves what is too narrow for 16 lanes.
            KernelSet.For(InstructionSet.Avx2).CompileAll(cancellationToken);
        }

        KernelSet.For(instructionSet).CompileWinograd();
        foreach (var kind in Enum.GetValues<QuantizedWeightKind>())
        {
            QuantizedKernelSet.For(instructionSet, kind).CompileAll(cancellationToken);
        }
    }
}
