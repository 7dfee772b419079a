using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Constant right-hand side of a product in the order in which kernels read it: panels of <see cref="PanelWidth"/> columns, each
/// [K][PanelWidth], columns beyond N zero; and the bias, one float a column. Elements stay what they are in the file: weights of 16 bits are widened
/// by the kernels that read them. Immutable once it is filled.
/// </summary>
internal sealed unsafe class PackedMatrix : PackedForm
{
    private const int LineFloats = 16;

    private readonly KernelSet _kernels;
    private readonly KernelSet? _finiteKernels;

    /// <summary>Describes the form; its memory is attached.</summary>
    internal PackedMatrix(InstructionSet instructionSet, int n, int k, WeightFormat format = WeightFormat.Float32)
    {
        instructionSet = CpuFeatures.ToFloat(instructionSet);

        // One register either way, and half the bytes.
        if (instructionSet == InstructionSet.Avx512 && n <= 8)
        {
            instructionSet = InstructionSet.Avx2;
        }

        _kernels = KernelSet.For(instructionSet, format);
        _finiteKernels = format == WeightFormat.Float16 ? KernelSet.For(instructionSet, WeightFormat.FiniteFloat16) : null;
        N = n;
        K = k;
        PanelWidth = _kernels.Width;
        PanelCount = (n + PanelWidth - 1) / PanelWidth;
        BiasCount = ((PanelCount * PanelWidth) + LineFloats - 1) & ~(LineFloats - 1);
        HeadCount = BiasCount + (_finiteKernels is null ? 0 : LineFloats);
        ByteCount = ((nint)HeadCount * sizeof(float)) + ((nint)PanelCount * PanelWidth * k * ElementBytes);
    }

    /// <summary>What computes with it; for half precision that depends on the values.</summary>
    public KernelSet Kernels => _finiteKernels is not null && Memory != null && IsFinite ? _finiteKernels : _kernels;

    public InstructionSet InstructionSet => _kernels.InstructionSet;

    public WeightFormat Format => _kernels.Format;

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
    public int ElementBytes => _kernels.WeightBytes;

    /// <summary>Elements of one panel.</summary>
    public nint PanelStride => (nint)PanelWidth * K;

    /// <summary>The first element of a panel.</summary>
    public byte* Panel(int index) => Memory + ((nint)HeadCount * sizeof(float)) + (index * PanelStride * ElementBytes);

    /// <summary>Lanes of the last panel that are columns.</summary>
    public int LastLanes => N - ((PanelCount - 1) * PanelWidth);

    /// <summary>Whether half precision weights hold neither infinities nor NaN: said by who fills the form, and one of its bytes.</summary>
    internal bool IsFinite
    {
        get => _finiteKernels is not null && Memory[(nint)BiasCount * sizeof(float)] != 0;
        set
        {
            if (_finiteKernels is not null)
            {
                new Span<float>(Bias + BiasCount, LineFloats).Clear();
                Memory[(nint)BiasCount * sizeof(float)] = value ? (byte)1 : (byte)0;
            }
        }
    }

    private int BiasCount { get; }

    private int HeadCount { get; }
}
