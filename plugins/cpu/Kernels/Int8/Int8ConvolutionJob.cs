using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels.MachineCode;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Product or convolution of signed bytes, NHWC, without a patch matrix: rows are read where they lie, or in a padded copy of a band. A transposed
/// convolution is one of stride 1 over the input with its zero point between the pixels. The caller keeps the job and uses it for one at a time.
/// </summary>
internal sealed unsafe class Int8ConvolutionJob : IParallelWork
{
    private const int PixelsPerBlock = 192;

    private Int8Filter _filter = null!;
    private delegate*<int*, nint, int, int, int*, float*, in Requantization, sbyte*, nint, void> _requantize;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private Requantization _r;
    private sbyte _zeroPoint;
    private int _spreadHeight;
    private int _spreadWidth;
    private bool _copies;
    private int _copyWidth;
    private int _bandRows;
    private int _bands;
    private int _panelsPerChunk;
    private int _panelChunks;
    private nint _copyBytes;
    private nint _offsetBytes;
    private byte* _scratch;
    private sbyte* _input;
    private sbyte* _output;

    /// <summary>Plans for sizes.</summary>
    /// <param name="filter">Packed filters.</param>
    /// <param name="parameters">Geometry.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="requantization">From sums to results.</param>
    /// <param name="zeroPoint">Of the input.</param>
    /// <param name="isTransposed">Whether strides lie between inputs.</param>
    /// <param name="threads">Threads that will run it.</param>
    /// <returns>Bytes of scratch.</returns>
    public long Plan(
        Int8Filter filter, in ConvolutionParameters parameters, in ImageShape shape, in Requantization requantization, int zeroPoint, bool isTransposed,
        int threads)
    {
        (_filter, _p, _s, _r, _zeroPoint) = (filter, parameters, shape, requantization, (sbyte)zeroPoint);
        (_spreadHeight, _spreadWidth) = (1, 1);
        if (isTransposed)
        {
            (_spreadHeight, _spreadWidth) = (parameters.StrideHeight, parameters.StrideWidth);
            _p = parameters with
            {
                StrideHeight = 1,
                StrideWidth = 1,
                PaddingTop = ((parameters.KernelHeight - 1) * parameters.DilationHeight) - parameters.PaddingTop,
                PaddingLeft = ((parameters.KernelWidth - 1) * parameters.DilationWidth) - parameters.PaddingLeft,
            };
        }

        _requantize = RequantizeKernel.Get(filter.Rung);
        _copyWidth = _p.InputColumns(shape.OutputWidth);
        _copies = isTransposed || _p.PaddingTop > 0 || _p.PaddingLeft > 0 || filter.Length % 4 != 0
            || _p.InputRows(shape.OutputHeight) > shape.InputHeight || _copyWidth > shape.InputWidth;
        var rows = Math.Clamp((PixelsPerBlock + shape.OutputWidth - 1) / shape.OutputWidth, 1, shape.OutputHeight);
        var operations = 2.0 * shape.Batch * shape.OutputHeight * shape.OutputWidth * _p.KernelSize * _p.OutputChannels * _p.GroupInputChannels;
        var wanted = ParallelCost.Items(operations / 100000, threads);
        var images = Math.Max(1, shape.Batch * _p.Groups);
        var bands = Math.Max((shape.OutputHeight + rows - 1) / rows, Math.Min(shape.OutputHeight, (wanted + images - 1) / images));
        _bandRows = (shape.OutputHeight + bands - 1) / bands;
        _bands = (shape.OutputHeight + _bandRows - 1) / _bandRows;
        var chunks = Math.Clamp((wanted + (images * _bands) - 1) / (images * _bands), 1, (filter.PanelCount + 3) / 4);
        _panelsPerChunk = (((filter.PanelCount + chunks - 1) / chunks) + 3) / 4 * 4;
        _panelChunks = (filter.PanelCount + _panelsPerChunk - 1) / _panelsPerChunk;
        _offsetBytes = (((nint)filter.Segments * sizeof(nint)) + 63) & ~(nint)63;
        _copyBytes = _copies ? (((nint)_p.InputRows(_bandRows) * _copyWidth * _p.GroupInputChannels) + 127) & ~(nint)63 : 0;
        return _offsetBytes + (threads * (long)_copyBytes);
    }

    /// <summary>Runs what was planned.</summary>
    public void Run(ComputePool? pool, sbyte* input, sbyte* output, byte* scratch)
    {
        _input = input;
        _output = output;
        _scratch = scratch;
        var offsets = (nint*)scratch;
        nint pixel = _copies ? _p.GroupInputChannels : _s.InputPixelStride;
        var row = (_copies ? (nint)_copyWidth : _s.InputWidth) * pixel * _p.DilationHeight;
        var isWide = _filter.Segments == _p.KernelHeight && _filter.Length == _p.KernelWidth * _p.GroupInputChannels;
        for (var segment = 0; segment < _filter.Segments; segment++)
        {
            offsets[segment] = isWide ? segment * row : (segment / _p.KernelWidth * row) + (segment % _p.KernelWidth * pixel * _p.DilationWidth);
        }

        var outputs = (double)_s.Batch * _s.OutputHeight * _s.OutputWidth * _p.OutputChannels;
        ParallelCost.Run(
            pool, _s.Batch * _bands * _p.Groups * _panelChunks, 0.5 * outputs * _p.KernelSize * _p.GroupInputChannels, 2.0 * outputs, 16, this);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var filter = _filter;
        var tiles = filter.Tiles;
        var copy = (sbyte*)(_scratch + _offsetBytes + (worker * _copyBytes));
        var rows = stackalloc nint[PixelsPerBlock];
        var sums = stackalloc int[(16 * 16) + 16];
        sums = (int*)(((nint)sums + 63) & ~(nint)63);
        var copied = -1;
        VnniTileArguments t = default;
        t.PanelStride = filter.PanelStride;
        t.SegmentLength = filter.PaddedLength;
        t.Sums = sums;
        var numbers = stackalloc byte[ByteResults.ByteCount + 64];
        numbers = (byte*)(((nint)numbers + 63) & ~(nint)63);
        ByteResults.Fill(numbers, _r);
        var bytes = new VnniByteTileArguments
        {
            Offsets = (nint*)_scratch,
            OffsetsEnd = (nint*)_scratch + filter.Segments,
            SegmentLength = filter.PaddedLength,
            PanelStride = filter.PanelStride,
            OutputStride = _s.OutputPixelStride,
            Numbers = numbers,
        };
        for (var item = start; item < end; item++)
        {
            var chunk = item % _panelChunks;
            var bandOfGroup = item / _panelChunks;
            var group = bandOfGroup % _p.Groups;
            var band = bandOfGroup / _p.Groups % _bands;
            var image = bandOfGroup / _p.Groups / _bands;
            var firstRow = band * _bandRows;
            var rowCount = Math.Min(_bandRows, _s.OutputHeight - firstRow);
            if (rowCount <= 0)
            {
                continue;
            }

            if (_copies && copied != bandOfGroup)
            {
                copied = bandOfGroup;
                CopyBand(image, group, firstRow, rowCount, copy);
            }

            var source = _copies ? copy
                : _input + (image * _s.InputImage) + ((nint)firstRow * _p.StrideHeight * _s.InputWidth * _s.InputPixelStride) + ((nint)group * _p.GroupInputChannels);
            var pixelStep = (_copies ? (nint)_p.GroupInputChannels : _s.InputPixelStride) * _p.StrideWidth;
            var rowStep = (_copies ? (nint)_copyWidth * _p.GroupInputChannels : (nint)_s.InputWidth * _s.InputPixelStride) * _p.StrideHeight;
            var destination = _output + (image * _s.OutputImage) + ((nint)firstRow * _s.OutputWidth * _s.OutputPixelStride) + ((nint)group * filter.N);
            var pixels = rowCount * _s.OutputWidth;
            var lastPanel = Math.Min((chunk + 1) * _panelsPerChunk, filter.PanelCount);
            var (row, column) = (0, 0);
            for (var first = 0; first < pixels; first += PixelsPerBlock)
            {
                var count = Math.Min(PixelsPerBlock, pixels - first);
                var pointer = source + (row * rowStep) + (column * pixelStep);
                for (var i = 0; i < count; i++)
                {
                    rows[i] = (nint)pointer;
                    pointer += pixelStep;
                    if (++column == _s.OutputWidth)
                    {
                        column = 0;
                        row++;
                        pointer = source + (row * rowStep);
                    }
                }

                for (var panel = chunk * _panelsPerChunk; panel < lastPanel;)
                {
                    var rest = lastPanel - panel;
                    var panels = rest == 5 ? 3 : Math.Min(4, rest);
                    var columns = Math.Min(panels * 16, filter.N - (panel * 16));
                    var bias = filter.Bias(group) + (panel * 16);
                    var scales = filter.Scales(group) + (panel * 16);
                    var weights = filter.Panels(group) + (panel * filter.PanelStride);
                    var c = destination + ((nint)first * _s.OutputPixelStride) + (panel * 16);
                    var maxRows = tiles.MaxRows(panels);
                    if (tiles.HasByteResults)
                    {
                        bytes.B = weights;
                        bytes.Bias = bias;
                        bytes.Scales = scales;
                        bytes.Output = c;
                        bytes.Rows = rows;
                        var isMasked = columns < 64;
                        bytes.Columns = isMasked ? (1UL << columns) - 1 : ulong.MaxValue;
                        if ((bytes.Tiles = count / maxRows) > 0)
                        {
                            VnniTiles.ByteTile(maxRows, panels, isMasked)(&bytes);
                        }

                        if (count % maxRows is > 0 and var left)
                        {
                            bytes.Rows = rows + (count - left);
                            bytes.Tiles = 1;
                            VnniTiles.ByteTile(left, panels, isMasked)(&bytes);
                        }

                        panel += panels;
                        continue;
                    }

                    for (var i = 0; i < count; i += maxRows)
                    {
                        var take = Math.Min(maxRows, count - i);
                        t.Offsets = (nint*)_scratch;
                        t.SegmentCount = filter.Segments;
                        t.B = weights;
                        for (var r = 0; r < take; r++)
                        {
                            t.Rows[r] = rows[i + r];
                        }

                        tiles.Run(&t, take, panels);
                        _requantize(sums, panels * 16, take, columns, bias, scales, _r, c, _s.OutputPixelStride);
                        c += take * _s.OutputPixelStride;
                    }

                    panel += panels;
                }
            }
        }
    }

    // What lies outside the image, or between spread pixels, is the zero point.
    private void CopyBand(int image, int group, int firstRow, int rowCount, sbyte* copy)
    {
        var channels = _p.GroupInputChannels;
        var input = _input + (image * _s.InputImage) + ((nint)group * channels);
        var height = _p.InputRows(rowCount);
        var line = (nint)_copyWidth * channels;
        for (var r = 0; r < height; r++, copy += line)
        {
            var y = (firstRow * _p.StrideHeight) - _p.PaddingTop + r;
            if (y < 0 || y % _spreadHeight != 0 || y / _spreadHeight >= _s.InputHeight)
            {
                NativeMemory.Fill(copy, (nuint)line, (byte)_zeroPoint);
                continue;
            }

            var source = input + ((nint)(y / _spreadHeight) * _s.InputWidth * _s.InputPixelStride);
            if (_spreadWidth == 1 && _s.InputPixelStride == channels)
            {
                var left = Math.Clamp(_p.PaddingLeft, 0, _copyWidth);
                var skip = Math.Max(0, -_p.PaddingLeft);
                var count = Math.Clamp(_s.InputWidth - skip, 0, _copyWidth - left);
                NativeMemory.Fill(copy, (nuint)(left * channels), (byte)_zeroPoint);
                NativeMemory.Copy(source + ((nint)skip * channels), copy + ((nint)left * channels), (nuint)((nint)count * channels));
                NativeMemory.Fill(copy + ((nint)(left + count) * channels), (nuint)((nint)(_copyWidth - left - count) * channels), (byte)_zeroPoint);
                continue;
            }

            for (var c = 0; c < _copyWidth; c++)
            {
                var x = c - _p.PaddingLeft;
                var target = copy + ((nint)c * channels);
                if (x < 0 || x % _spreadWidth != 0 || x / _spreadWidth >= _s.InputWidth)
                {
                    NativeMemory.Fill(target, (nuint)channels, (byte)_zeroPoint);
                }
                else
                {
                    NativeMemory.Copy(source + ((nint)(x / _spreadWidth) * _s.InputPixelStride), target, (nuint)channels);
                }
            }
        }
    }
}
