using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>State of one running convolution by Winograd's transforms; the caller keeps it and uses it for one at a time.</summary>
internal sealed unsafe class WinogradJob : IParallelWork
{
    // A bias that is added at this position reaches each of a tile's four outputs once.
    private const int BiasPosition = 5;

    private PackedMatrix _weights = null!;
    // Transformed filters are floats, whatever the packed ones are.
    private KernelSet _kernels = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private WinogradPlan _plan;
    private float* _input;
    private float* _output;
    private float _min;
    private float _max;
    private byte* _scratch;

    internal void Run(
        ComputePool? pool, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, float* input, float* output,
        float min, float max, byte* scratch)
    {
        var threads = pool?.ThreadCount ?? 1;
        _weights = filter.Matrices[0];
        _kernels = KernelSet.For(filter.Kernels.InstructionSet);
        _plan = new WinogradPlan(parameters, shape, _weights, threads);
        _p = parameters;
        _s = shape;
        _input = input;
        _output = output;
        _min = min;
        _max = max;
        _scratch = scratch;
        for (var worker = 0; worker < threads; worker++)
        {
            var held = (int*)(scratch + (worker * _plan.BytesPerWorker));
            held[0] = -1;
            held[1] = -1;
            NativeMemory.Clear(held + (WinogradPlan.HeaderBytes / sizeof(int)), (nuint)_plan.ZeroBytes);
        }

        var operations = 2.0 * WinogradPlan.Positions * _plan.Tiles * parameters.GroupInputChannels * _weights.PanelCount * _weights.PanelWidth;
        var outputs = (double)shape.Batch * shape.OutputHeight * shape.OutputWidth * parameters.OutputChannels;
        ParallelCost.Run(pool, _plan.Blocks * _plan.PanelChunks, operations * 1.3, 4.0 * outputs, _weights.PanelWidth, this);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var memory = _scratch + (worker * _plan.BytesPerWorker);
        var held = (int*)memory;
        var zeros = (float*)(memory + WinogradPlan.HeaderBytes);
        var filters = (float*)(memory + _plan.FilterOffset);
        var inputs = (float*)(memory + _plan.InputOffset);
        var products = (float*)(memory + _plan.ProductOffset);
        var rows = stackalloc float*[WinogradPlan.MaxTiles];
        for (var i = 0; i < _plan.TilesPerBlock; i++)
        {
            rows[i] = inputs + (i * (nint)_plan.InputStride);
        }

        nint offset = 0;
        var t = new TileArguments
        {
            Offsets = &offset,
            SegmentCount = 1,
            BStep = _weights.PanelWidth,
            BPanel = _plan.FilterPanel,
            CStride = _plan.ProductStride,
            Min = float.NegativeInfinity,
            Max = float.PositiveInfinity,
        };
        for (var item = start; item < end; item++)
        {
            var (block, chunk) = (item / _plan.PanelChunks, item % _plan.PanelChunks);
            var first = block * _plan.TilesPerBlock;
            var count = Math.Min(_plan.TilesPerBlock, _plan.Tiles - first);
            var panel = chunk * _plan.PanelsPerChunk;
            var panelCount = Math.Min(_plan.PanelsPerChunk, _weights.PanelCount - panel);
            if (held[0] != block)
            {
                held[0] = block;
                TransformInputs(memory, first, count, inputs);
            }

            for (var channel = 0; channel < _p.GroupInputChannels; channel += _plan.FilterChannels)
            {
                var channels = Math.Min(_plan.FilterChannels, _p.GroupInputChannels - channel);
                if (!_plan.KeepsFilter || held[1] != 0)
                {
                    held[1] = 0;
                    TransformFilters(panel, panelCount, channel, channels, filters);
                }

                t.SegmentLength = channels;
                for (var position = 0; position < WinogradPlan.Positions; position++)
                {
                    offset = (position * _plan.InputPosition) + channel;
                    var initial = channel > 0 ? null : position == BiasPosition ? _weights.Bias + (panel * _weights.PanelWidth) : zeros;
                    TileRunner.Run(
                        _kernels, ref t, rows, count, filters + (position * _plan.FilterPosition), initial, panelCount, _weights.PanelWidth,
                        products + (position * _plan.ProductPosition));
                }
            }

            WriteOutputs(memory, first, count, panel, panelCount, products);
        }
    }

    private void TransformFilters(int panel, int panelCount, int channel, int channels, float* filters)
    {
        var t = new WinogradFilterArguments
        {
            ElementStride = (nint)_p.GroupInputChannels * _weights.PanelWidth,
            Channels = channels,
            PositionStride = _plan.FilterPosition,
        };
        for (var i = 0; i < panelCount; i++)
        {
            t.Source = _weights.Panel(panel + i) + ((nint)channel * _weights.PanelWidth * _weights.ElementBytes);
            t.Destination = filters + (i * _plan.FilterPanel);
            _weights.Kernels.WinogradFilter(&t);
        }
    }

    private void TransformInputs(byte* memory, int first, int count, float* inputs)
    {
        var strip = (float*)(memory + _plan.StripOffset);
        var t = new WinogradInputArguments
        {
            Channels = _p.GroupInputChannels,
            TileStride = _plan.InputStride,
            PositionStride = _plan.InputPosition,
        };
        var done = 0;
        while (done < count)
        {
            var (image, tileRow, tileColumn) = Place(first + done);
            var run = Math.Min(count - done, _plan.TileColumns - tileColumn);
            var y = (tileRow * 2) - _p.PaddingTop;
            var x = (tileColumn * 2) - _p.PaddingLeft;

            // Tiles of the run from inside on to end lie in the image; the others are copied with their padding.
            var inside = 0;
            var end = 0;
            if (y >= 0 && y + 4 <= _s.InputHeight)
            {
                inside = Math.Min(run, x < 0 ? (1 - x) / 2 : 0);
                end = Math.Clamp(x + 4 <= _s.InputWidth ? ((_s.InputWidth - 4 - x) / 2) + 1 : 0, inside, run);
            }

            for (var i = 0; i < run;)
            {
                t.Destination = inputs + ((done + i) * (nint)_plan.InputStride);
                if (i >= inside && i < end)
                {
                    t.Tiles = end - i;
                    t.PixelStride = _s.InputPixelStride;
                    t.RowStride = (nint)_s.InputWidth * _s.InputPixelStride;
                    t.Source = _input + (image * _s.InputImage) + (y * t.RowStride) + ((x + (2 * i)) * t.PixelStride);
                }
                else
                {
                    t.Tiles = Math.Min(_plan.StripTiles, (i < inside ? inside : run) - i);
                    t.PixelStride = _p.GroupInputChannels;
                    t.RowStride = ((2 * t.Tiles) + 2) * t.PixelStride;
                    t.Source = strip;
                    CopyPadded(image, y, x + (2 * i), (int)(2 * t.Tiles) + 2, strip);
                }

                _kernels.WinogradInput(&t);
                i += (int)t.Tiles;
            }

            done += run;
        }
    }

    [SkipLocalsInit]
    private void WriteOutputs(byte* memory, int first, int count, int panel, int panelCount, float* products)
    {
        var flags = stackalloc float[WinogradPlan.MaxTiles];
        var firstChannel = panel * _weights.PanelWidth;
        var t = new WinogradOutputArguments
        {
            TileStride = _plan.ProductStride,
            PositionStride = _plan.ProductPosition,
            Channels = Math.Min(panelCount * _weights.PanelWidth, _weights.N - firstChannel),
            PixelStride = _s.OutputPixelStride,
            RowStride = (nint)_s.OutputWidth * _s.OutputPixelStride,
            Outside = (float*)(memory + _plan.OutsideOffset),
            Min = _min,
            Max = _max,
            Flags = flags,
        };
        var done = 0;
        while (done < count)
        {
            var (image, tileRow, tileColumn) = Place(first + done);
            var run = Math.Min(count - done, _plan.TileColumns - tileColumn);
            t.Tiles = run;
            t.Source = products + (done * (nint)_plan.ProductStride);
            t.Destination = _output + (image * _s.OutputImage) + (2 * tileRow * t.RowStride) + (2 * tileColumn * t.PixelStride) + firstChannel;
            t.HasSecondRow = (2 * tileRow) + 1 < _s.OutputHeight;
            t.HasLastColumn = 2 * (tileColumn + run) <= _s.OutputWidth;
            _kernels.WinogradOutput(&t);
            for (var i = 0; i < run; i++)
            {
                if (flags[i] != 0)
                {
                    ComputeDirectly(memory, first + done + i, panel, panelCount);
                }
            }

            done += run;
        }
    }

    // The transforms spread a NaN or an infinity over the tile, and the rounding error of a huge value. By definition they reach the windows that hold them.
    [SkipLocalsInit]
    private void ComputeDirectly(byte* memory, int tile, int panel, int panelCount)
    {
        var (image, tileRow, tileColumn) = Place(tile);
        var strip = (float*)(memory + _plan.StripOffset);
        CopyPadded(image, (tileRow * 2) - _p.PaddingTop, (tileColumn * 2) - _p.PaddingLeft, 4, strip);
        var offsets = stackalloc nint[3];
        var rows = stackalloc float*[2];
        var channels = (nint)_p.GroupInputChannels;
        for (var i = 0; i < 3; i++)
        {
            offsets[i] = i * 4 * channels;
        }

        var t = new TileArguments
        {
            Offsets = offsets,
            SegmentCount = 3,
            SegmentLength = 3 * channels,
            BStep = _weights.PanelWidth,
            BPanel = _weights.PanelStride,
            CStride = _s.OutputPixelStride,
            Min = _min,
            Max = _max,
        };
        var lastLanes = panel + panelCount == _weights.PanelCount ? _weights.LastLanes : _weights.PanelWidth;
        for (var row = 0; row < 2 && (2 * tileRow) + row < _s.OutputHeight; row++)
        {
            rows[0] = strip + (row * 4 * channels);
            rows[1] = rows[0] + channels;
            TileRunner.Run(
                _weights.Kernels, ref t, rows, Math.Min(2, _s.OutputWidth - (2 * tileColumn)), _weights.Panel(panel),
                _weights.Bias + (panel * _weights.PanelWidth), panelCount, lastLanes,
                _output + (image * _s.OutputImage) + ((((2 * tileRow) + row) * (nint)_s.OutputWidth) + (2 * tileColumn)) * _s.OutputPixelStride
                    + (panel * _weights.PanelWidth));
        }
    }

    private void CopyPadded(int image, int row, int column, int columns, float* strip) => PaddedCopy.Run(
        _input + (image * _s.InputImage), _s.InputHeight, _s.InputWidth, _s.InputPixelStride, _p.GroupInputChannels, row, column, 4, columns, strip);

    private (int Image, int TileRow, int TileColumn) Place(int tile)
    {
        var row = tile / _plan.TileColumns;
        return (row / _plan.TileRows, row % _plan.TileRows, tile % _plan.TileColumns);
    }
}
