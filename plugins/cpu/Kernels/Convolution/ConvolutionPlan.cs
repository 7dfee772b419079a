namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How a convolution is cut into items: bands of output rows and chunks of panels.</summary>
internal readonly struct ConvolutionPlan
{
    private const int PixelsPerBand = 240;
    private const nint CopyBytesPerBand = 192 * 1024;

    public ConvolutionPlan(in ConvolutionParameters p, in ImageShape s, PackedMatrix weights, int threads)
    {
        IsProduct = p.KernelSize == 1 && p.StrideHeight == 1 && p.StrideWidth == 1 && p.PaddingTop == 0 && p.PaddingLeft == 0 && p.Groups == 1
            && s.OutputHeight == s.InputHeight && s.OutputWidth == s.InputWidth;
        CopyWidth = p.InputColumns(s.OutputWidth);
        Copies = p.PaddingTop > 0 || p.PaddingLeft > 0 || p.InputRows(s.OutputHeight) > s.InputHeight || CopyWidth > s.InputWidth;

        var rows = Math.Clamp((PixelsPerBand + s.OutputWidth - 1) / Math.Max(1, s.OutputWidth), 1, Math.Max(1, s.OutputHeight));
        while (Copies && rows > 1 && CopyBytes(p, rows, CopyWidth) > CopyBytesPerBand)
        {
            rows--;
        }

        var images = Math.Max(1, s.Batch * p.Groups);
        var operations = 2.0 * s.Batch * s.OutputHeight * s.OutputWidth * p.KernelSize * p.OutputChannels * p.GroupInputChannels;
        var wanted = ParallelCost.Items(ParallelCost.Microseconds(operations, 0, weights.PanelWidth), threads);
        var bands = (s.OutputHeight + rows - 1) / rows;
        var mostChunks = (weights.PanelCount + 2) / 3;

        // Every band reads the whole filter, every chunk the whole input: a filter that is much the larger of the two is cut first.
        var filterBytes = (nint)weights.PanelCount * weights.PanelStride * weights.ElementBytes;
        var cutsFilterFirst = filterBytes > 2 * CopyBytes(p, s.OutputHeight, CopyWidth);
        var bandsWanted = cutsFilterFirst ? (wanted + (images * mostChunks) - 1) / (images * mostChunks) : (wanted + images - 1) / images;
        bands = Math.Max(bands, Math.Min(s.OutputHeight, bandsWanted));
        BandRows = Math.Max(1, (s.OutputHeight + bands - 1) / Math.Max(1, bands));
        Bands = (s.OutputHeight + BandRows - 1) / BandRows;

        var chunks = Math.Clamp((wanted + (images * Math.Max(1, Bands)) - 1) / (images * Math.Max(1, Bands)), 1, mostChunks);
        PanelsPerChunk = (weights.PanelCount + chunks - 1) / chunks;
        PanelChunks = (weights.PanelCount + PanelsPerChunk - 1) / PanelsPerChunk;

        OffsetBytes = ((p.KernelSize * sizeof(long)) + 63) & ~63;
        CopyBytesPerWorker = Copies ? (CopyBytes(p, BandRows, CopyWidth) + 127) & ~(nint)63 : 0;
        ScratchBytes = IsProduct
            ? Gemm.GetScratchBytes(weights, s.Batch * s.OutputHeight * s.OutputWidth, threads)
            : OffsetBytes + (threads * CopyBytesPerWorker);
    }

    /// <summary>Whether it is a plain product of pixels and filter.</summary>
    public bool IsProduct { get; }

    /// <summary>Whether bands are copied with their padding before use.</summary>
    public bool Copies { get; }

    /// <summary>Pixels of a copied row.</summary>
    public int CopyWidth { get; }

    public int BandRows { get; }

    public int Bands { get; }

    public int PanelsPerChunk { get; }

    public int PanelChunks { get; }

    public int OffsetBytes { get; }

    public nint CopyBytesPerWorker { get; }

    public nint ScratchBytes { get; }

    private static nint CopyBytes(in ConvolutionParameters p, int rows, int width) =>
        (nint)p.InputRows(rows) * width * p.GroupInputChannels * sizeof(float);
}
