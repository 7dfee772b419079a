using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Constant right-hand side of a product in the order in which kernels read it: panels of <see cref="PanelWidth"/> columns, each
/// [K][PanelWidth], columns beyond N zero; and the bias, one float a column. Elements stay what they are in the file: weights of 16 bits are widened
/// by the kernels that read them. Immutable once it is filled.
/// </summary>
internal sealed unsafe class PackedMatrix : PackedForm
{
    /// <summary>Describes the form; its memory is attached.</summary>
    internal PackedMatrix(InstructionSet instructionSet, int n, int k, WeightFormat format = WeightFormat.Float32)
    {
        instructionSet = CpuFeatures.ToFloat(instructionSet);

        // One register either way, and half the bytes.
        if (instructionSet == InstructionSet.Avx512 && n <= 8)
        {
            instructionSet = InstructionSet.Avx2;
        }

        Kernels = KernelSet.For(instructionSet, format);
        N = n;
        K = k;
        PanelWidth = Kernels.Width;
        PanelCount = (n + PanelWidth - 1) / PanelWidth;
        BiasCount = ((PanelCount * PanelWidth) + 15) & ~15;
        ByteCount = ((nint)BiasCount * sizeof(float)) + ((nint)PanelCount * PanelWidth * k * ElementBytes);
    }

    public KernelSet Kernels { get; }

    public InstructionSet InstructionSet => Kernels.InstructionSet;

    public WeightFormat Format => Kernels.Format;

    /// <summary>Columns of the product: output features.</summary>
    public int N { get; }

    /// <summary>Rows of the right-hand side: input features.</summary>
    public int K { get; }

    public int PanelWidth { get; }

    public int PanelCount { get; }

    /// <summary>Bytes held.</summary>
    public override nint ByteCount { get; }

    /// <summary>PanelCount * PanelWidth values.</summary>
    public float* Bias => (float*)Memory;

    /// <summary>Bytes of an element of a panel.</summary>
    public int ElementBytes => Kernels.WeightBytes;

    /// <summary>Elements of one panel.</summary>
    public nint PanelStride => (nint)PanelWidth * K;

    /// <summary>The first element of a panel.</summary>
    public byte* Panel(int index) => Memory + ((nint)BiasCount * sizeof(float)) + (index * PanelStride * ElementBytes);

    /// <summary>Lanes of the last panel that are columns.</summary>
    public int LastLanes => N - ((PanelCount - 1) * PanelWidth);

    private int BiasCount { get; }
}
