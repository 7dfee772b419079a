using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Constant 4-bit or 8-bit weights in the order in which kernels read them: one stream for two panels of columns at a time. Immutable once it is filled.
/// </summary>
/// <remarks>
/// For each column a sum of weights (an integer; for scales of blocks a float with scales applied), a bias, and, if it has one scale, that; then the weights.
/// Two panels lie together: for each group the bfloat16 scales of both, if there are any, then for each block of 32 steps of K the weights of the
/// first and of the second. A block of 4-bit weights is four registers of a panel, whose lanes each hold four bytes of the file's row: the low nibble of
/// a byte is an even step of K. A block of 8-bit weights is eight registers, each with four steps of K as <see cref="RowQuantizer"/> orders them;
/// for machine code one panel of them lies whole behind the other.
/// </remarks>
internal sealed unsafe class PackedQuantizedMatrix : PackedForm
{
    private const int PanelsPerStream = 2;

    /// <summary>Describes the form; its memory is attached, and <see cref="QuantizedPacking"/> fills it.</summary>
    internal PackedQuantizedMatrix(InstructionSet instructionSet, QuantizedWeightKind kind, int n, int k, int groupSize)
    {
        InstructionSet = instructionSet;
        Kernels = QuantizedKernelSet.For(instructionSet, kind);
        Kind = kind;
        N = n;
        K = k;
        BlockCount = (k + RowQuantizer.BlockLength - 1) / RowQuantizer.BlockLength;
        HasGroups = kind is QuantizedWeightKind.Int4Block32 or QuantizedWeightKind.Int4Group;
        BlocksPerGroup = HasGroups ? groupSize / RowQuantizer.BlockLength : BlockCount;
        GroupCount = BlocksPerGroup == 0 ? 0 : BlockCount / BlocksPerGroup;
        Width = Kernels.Width;
        PanelCount = (n + Width - 1) / Width;
        PanelBlockBytes = (kind == QuantizedWeightKind.Int8Channel ? 32 : 16) * Width;
        PanelScaleBytes = HasGroups ? 2 * Width : 0;
        PanelBytes = (nint)GroupCount * (PanelScaleBytes + ((nint)BlocksPerGroup * PanelBlockBytes));
        ColumnBytes = (((nint)PanelCount * Width * 4) + 63) & ~(nint)63;
        ByteCount = ((HasGroups ? 2 : 3) * ColumnBytes) + (PanelCount * PanelBytes);
    }

    /// <summary>The rung that it was packed for.</summary>
    public InstructionSet InstructionSet { get; }

    public QuantizedKernelSet Kernels { get; }

    public QuantizedWeightKind Kind { get; }

    /// <summary>Columns of the product: output features.</summary>
    public int N { get; }

    /// <summary>Input features.</summary>
    public int K { get; }

    /// <summary>Columns of a panel.</summary>
    public int Width { get; }

    public int PanelCount { get; }

    /// <summary>Blocks of 32 steps of K, the last one filled up.</summary>
    public int BlockCount { get; }

    public int BlocksPerGroup { get; }

    public int GroupCount { get; }

    /// <summary>Whether scales stand with the weights.</summary>
    public bool HasGroups { get; }

    /// <summary>Bytes held.</summary>
    public override nint ByteCount { get; }

    /// <summary>Number of streams: pairs of panels, the last perhaps single.</summary>
    public int StreamCount => (PanelCount + PanelsPerStream - 1) / PanelsPerStream;

    /// <summary>Columns of the last panel that exist.</summary>
    public int LastLanes => N - ((PanelCount - 1) * Width);

    /// <summary>Bytes of a panel's weights and scales.</summary>
    public nint PanelBytes { get; }

    /// <summary>Bytes of one panel's part of a block.</summary>
    public int PanelBlockBytes { get; }

    /// <summary>Bytes of one panel's scales of a group.</summary>
    public int PanelScaleBytes { get; }

    /// <summary>First of the columns' sums.</summary>
    public byte* ColumnSums => Memory;

    public float* Bias => (float*)(Memory + ColumnBytes);

    /// <summary>The columns' scales, if a column has one.</summary>
    public float* ChannelScales => (float*)(Memory + (2 * ColumnBytes));

    /// <summary>The first stream.</summary>
    public byte* Streams => Memory + ((HasGroups ? 2 : 3) * ColumnBytes);

    private nint ColumnBytes { get; }

    /// <summary>How many panels a stream holds.</summary>
    public int PanelsOf(int stream) => Math.Min(PanelsPerStream, PanelCount - (stream * PanelsPerStream));

    /// <summary>First byte of a stream.</summary>
    public byte* Stream(int stream) => Streams + (stream * PanelsPerStream * PanelBytes);
}
