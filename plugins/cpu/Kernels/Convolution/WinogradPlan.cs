namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How a convolution by <see cref="F32Winograd{TSimd, V}"/> is cut into items: blocks of tiles and chunks of panels; and its scratch memory.</summary>
internal readonly struct WinogradPlan
{
    /// <summary>Positions of a transformed tile.</summary>
    public const int Positions = 16;

    /// <summary>Most tiles of a block.</summary>
    public const int MaxTiles = 256;

    private const nint InputBytes = 896 * 1024;
    private const nint FilterBytes = 288 * 1024;
    private const nint StripBytes = 48 * 1024;
    private const int MaxFilterChannels = 128;

    public WinogradPlan(in ConvolutionParameters p, in ImageShape s, PackedMatrix weights, int threads)
    {
        var width = weights.PanelWidth;
        TileColumns = (s.OutputWidth + 1) / 2;
        TileRows = (s.OutputHeight + 1) / 2;
        Tiles = s.Batch * TileRows * TileColumns;

        // Rows a power of two apart would fall into the same cache sets.
        InputStride = ((p.GroupInputChannels + 15) & ~15) + 16;

        var panelBytes = (nint)Positions * p.GroupInputChannels * width * sizeof(float);
        KeepsFilter = panelBytes * weights.PanelCount <= FilterBytes;
        FilterChannels = KeepsFilter ? p.GroupInputChannels : Math.Min(p.GroupInputChannels, MaxFilterChannels);
        var mostPanels = KeepsFilter
            ? weights.PanelCount
            : Math.Clamp((int)(FilterBytes / ((nint)Positions * FilterChannels * width * sizeof(float))), Math.Min(2, weights.PanelCount), weights.PanelCount);
        PanelChunks = (weights.PanelCount + mostPanels - 1) / mostPanels;
        PanelsPerChunk = (weights.PanelCount + PanelChunks - 1) / PanelChunks;
        PanelChunks = (weights.PanelCount + PanelsPerChunk - 1) / PanelsPerChunk;

        // A filter that is transformed again for each block wants few blocks; one that is kept leaves cache to the inputs and products.
        // With many threads the memory of them all together counts.
        var inputBytes = (KeepsFilter ? InputBytes / 4 : InputBytes) * 8 / Math.Max(8, threads);
        var mostTiles = (int)Math.Clamp(inputBytes / (Positions * InputStride * sizeof(float)), 16, MaxTiles);
        var blocks = (Tiles + mostTiles - 1) / mostTiles;
        if (blocks * PanelChunks < threads)
        {
            blocks = Math.Min(Tiles, threads / PanelChunks);
        }

        TilesPerBlock = (((Tiles + blocks - 1) / blocks) + 7) & ~7;
        TilesPerBlock = Math.Min(TilesPerBlock, Math.Min(Tiles, MaxTiles));
        Blocks = (Tiles + TilesPerBlock - 1) / TilesPerBlock;

        // Sixteen positions side by side in the same cache sets would drive each other out.
        InputPosition = ((nint)TilesPerBlock * InputStride) + 16;
        FilterPanel = (nint)FilterChannels * width;
        FilterPosition = (PanelsPerChunk * FilterPanel) + 16;
        ProductStride = (PanelsPerChunk * width + 15) & ~15;
        ProductPosition = ((nint)TilesPerBlock * ProductStride) + 16;
        StripTiles = (int)Math.Clamp(((StripBytes / (4 * p.GroupInputChannels * sizeof(float))) - 2) / 2, 1, TilesPerBlock);

        ZeroBytes = ProductStride * sizeof(float);
        FilterOffset = HeaderBytes + ZeroBytes;
        InputOffset = FilterOffset + Aligned(Positions * FilterPosition);
        ProductOffset = InputOffset + Aligned(Positions * InputPosition);
        StripOffset = ProductOffset + Aligned(Positions * ProductPosition);
        OutsideOffset = StripOffset + Aligned(4 * ((2 * StripTiles) + 2) * (nint)p.GroupInputChannels);
        BytesPerWorker = (OutsideOffset + ZeroBytes + 127) & ~(nint)63;
        ScratchBytes = threads * BytesPerWorker;
    }

    /// <summary>Bytes before a worker's zeros: what its memory holds at the moment.</summary>
    public static int HeaderBytes => 64;

    public int TileColumns { get; }

    public int TileRows { get; }

    /// <summary>Tiles of all images.</summary>
    public int Tiles { get; }

    public int TilesPerBlock { get; }

    public int Blocks { get; }

    public int PanelsPerChunk { get; }

    public int PanelChunks { get; }

    /// <summary>Whether all of the transformed filter stays with a worker from one item to the next.</summary>
    public bool KeepsFilter { get; }

    /// <summary>Input channels of the filter that are transformed at once.</summary>
    public int FilterChannels { get; }

    /// <summary>Elements from one transformed input tile to the next.</summary>
    public int InputStride { get; }

    /// <summary>Elements from one position of transformed inputs to the next.</summary>
    public nint InputPosition { get; }

    /// <summary>Elements from one transformed panel to the next.</summary>
    public nint FilterPanel { get; }

    /// <summary>Elements from one position of the transformed filter to the next.</summary>
    public nint FilterPosition { get; }

    /// <summary>Elements from one tile's products to the next one's.</summary>
    public int ProductStride { get; }

    /// <summary>Elements from one position of products to the next.</summary>
    public nint ProductPosition { get; }

    /// <summary>Most tiles that are copied with their padding at once.</summary>
    public int StripTiles { get; }

    /// <summary>Bytes of zeros, the initial products, behind the header.</summary>
    public int ZeroBytes { get; }

    /// <summary>Where a worker's transformed filter begins, in bytes.</summary>
    public nint FilterOffset { get; }

    /// <summary>Where its transformed inputs begin.</summary>
    public nint InputOffset { get; }

    /// <summary>Where its products begin.</summary>
    public nint ProductOffset { get; }

    /// <summary>Where its copies of inputs with padding begin.</summary>
    public nint StripOffset { get; }

    /// <summary>Where what lies outside the image is written to.</summary>
    public nint OutsideOffset { get; }

    public nint BytesPerWorker { get; }

    public nint ScratchBytes { get; }

    /// <summary>Whether a convolution can be computed so.</summary>
    public static bool Fits(in ConvolutionParameters p) =>
        p is { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1 };

    private static nint Aligned(nint elements) => ((elements * sizeof(float)) + 63) & ~(nint)63;
}
