using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>State of one running convolution; the caller keeps it and uses it for one at a time.</summary>
internal sealed unsafe class ConvolutionJob : IParallelWork
{
    // A multiple of 6 and of 8, the rows of tiles.
    internal const int PixelsPerBlock = 240;

    private readonly GemmJob _product = new();
    private PackedConvolution _filter = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private ConvolutionPlan _plan;
    private float* _input;
    private float* _output;
    private float _min;
    private float _max;
    private nint* _offsets;
    private byte* _copies;
    private int _segments;
    private int _segmentLength;

    internal void Run(
        ComputePool? pool, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, float* input, float* output,
        float min, float max, byte* scratch)
    {
        if (shape.Batch <= 0 || shape.OutputHeight <= 0 || shape.OutputWidth <= 0 || parameters.OutputChannels <= 0)
        {
            return;
        }

        var weights = filter.Matrices[0];
        _plan = new ConvolutionPlan(parameters, shape, weights, pool?.ThreadCount ?? 1);
        if (_plan.IsProduct)
        {
            var pixels = shape.Batch * shape.OutputHeight * shape.OutputWidth;
            Gemm.Run(pool, _product, weights, input, pixels, shape.InputPixelStride, output, shape.OutputPixelStride, min, max, scratch);
            return;
        }

        _filter = filter;
        _p = parameters;
        _s = shape;
        _input = input;
        _output = output;
        _min = min;
        _max = max;
        _offsets = (nint*)scratch;
        _copies = scratch + _plan.OffsetBytes;
        SetOffsets();

        var outputs = (double)shape.Batch * shape.OutputHeight * shape.OutputWidth * parameters.OutputChannels;
        var items = shape.Batch * _plan.Bands * parameters.Groups * _plan.PanelChunks;
        ParallelCost.Run(pool, items, 2.0 * outputs * weights.K, 4.0 * outputs, weights.PanelWidth, this);
    }

    [SkipLocalsInit]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var copy = (float*)(_copies + (worker * _plan.CopyBytesPerWorker));
        var copied = -1;
        var rows = stackalloc float*[PixelsPerBlock];
        var t = new TileArguments
        {
            Offsets = _offsets,
            SegmentCount = _segments,
            SegmentLength = _segmentLength,
            CStride = _s.OutputPixelStride,
            Min = _min,
            Max = _max,
        };
        for (var item = start; item < end; item++)
        {
            var chunk = item % _plan.PanelChunks;
            var bandOfGroup = item / _plan.PanelChunks;
            var group = bandOfGroup % _p.Groups;
            var band = bandOfGroup / _p.Groups % _plan.Bands;
            var image = bandOfGroup / _p.Groups / _plan.Bands;
            var firstRow = band * _plan.BandRows;
            var rowCount = Math.Min(_plan.BandRows, _s.OutputHeight - firstRow);
            if (_plan.Copies && copied != bandOfGroup)
            {
                copied = bandOfGroup;
                CopyBand(image, group, firstRow, rowCount, copy);
            }

            var weights = _filter.Matrices[group];
            t.BStep = weights.PanelWidth;
            t.BPanel = weights.PanelStride;
            var panel = chunk * _plan.PanelsPerChunk;
            var panelCount = Math.Min(_plan.PanelsPerChunk, weights.PanelCount - panel);
            var lastLanes = panel + panelCount == weights.PanelCount ? weights.LastLanes : weights.PanelWidth;
            var c = _output + (image * _s.OutputImage) + ((nint)firstRow * _s.OutputWidth * _s.OutputPixelStride)
                + ((nint)group * _p.GroupOutputChannels) + ((nint)panel * weights.PanelWidth);

            // Where the first kernel element of output (0, 0) of the band lies, and how outputs advance.
            var source = _plan.Copies ? copy
                : _input + (image * _s.InputImage) + ((nint)firstRow * _p.StrideHeight * _s.InputWidth * _s.InputPixelStride)
                    + ((nint)group * _p.GroupInputChannels);
            nint pixelStep = (_plan.Copies ? _p.GroupInputChannels : _s.InputPixelStride) * _p.StrideWidth;
            var rowStep = (_plan.Copies ? (nint)_plan.CopyWidth * _p.GroupInputChannels : (nint)_s.InputWidth * _s.InputPixelStride) * _p.StrideHeight;

            var pixels = rowCount * _s.OutputWidth;
            var (row, column) = (0, 0);
            for (var first = 0; first < pixels; first += PixelsPerBlock)
            {
                var count = Math.Min(PixelsPerBlock, pixels - first);
                var pointer = source + (row * rowStep) + (column * pixelStep);
                for (var i = 0; i < count; i++)
                {
                    rows[i] = pointer;
                    pointer += pixelStep;
                    if (++column == _s.OutputWidth)
                    {
                        column = 0;
                        row++;
                        pointer = source + (row * rowStep);
                    }
                }

                TileRunner.Run(
                    weights.Kernels, ref t, rows, count, weights.Panel(panel), weights.Bias + (panel * weights.PanelWidth),
                    panelCount, lastLanes, c + ((nint)first * _s.OutputPixelStride));
            }
        }
    }

    // Kernel columns that lie side by side in memory are one segment.
    private void SetOffsets()
    {
        nint pixel = _plan.Copies ? _p.GroupInputChannels : _s.InputPixelStride;
        var row = (_plan.Copies ? (nint)_plan.CopyWidth : _s.InputWidth) * pixel * _p.DilationHeight;
        if (_p.DilationWidth == 1 && pixel == _p.GroupInputChannels)
        {
            _segments = _p.KernelHeight;
            _segmentLength = _p.KernelWidth * _p.GroupInputChannels;
            for (var ky = 0; ky < _p.KernelHeight; ky++)
            {
                _offsets[ky] = ky * row;
            }

            return;
        }

        _segments = _p.KernelSize;
        _segmentLength = _p.GroupInputChannels;
        for (var ky = 0; ky < _p.KernelHeight; ky++)
        {
            for (var kx = 0; kx < _p.KernelWidth; kx++)
            {
                _offsets[(ky * _p.KernelWidth) + kx] = (ky * row) + (kx * pixel * _p.DilationWidth);
            }
        }
    }

    private void CopyBand(int image, int group, int firstRow, int rowCount, float* copy)
    {
        PaddedCopy.Run(
            _input + (image * _s.InputImage) + (group * _p.GroupInputChannels), _s.InputHeight, _s.InputWidth, _s.InputPixelStride, _p.GroupInputChannels,
            (firstRow * _p.StrideHeight) - _p.PaddingTop, -_p.PaddingLeft, _p.InputRows(rowCount), _plan.CopyWidth, copy);
    }
}
