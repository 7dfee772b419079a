using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>State of one running transposed convolution; the caller keeps it and uses it for one at a time.</summary>
internal sealed unsafe class TransposedConvolutionJob : IParallelWork
{
    private const int PixelsPerBlock = 240;

    private PackedConvolution _filter = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private float* _output;
    private float _min;
    private float _max;
    private nint* _offsets;
    private float* _copy;
    private int _copyTop;
    private int _copyLeft;
    private int _copyWidth;
    private int _image;

    internal static nint OffsetBytes(in ConvolutionParameters p) =>
        (((nint)p.KernelSize * p.StrideHeight * p.StrideWidth * sizeof(nint)) + 63) & ~(nint)63;

    internal static nint CopyBytes(in ConvolutionParameters p, in ImageShape s)
    {
        var (_, _, height, width) = CopyWindow(p, s);
        return (nint)height * width * p.InputChannels * sizeof(float);
    }

    internal void Run(
        ComputePool? pool, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, float* input, float* output,
        float min, float max, byte* scratch)
    {
        if (shape.Batch <= 0 || shape.OutputHeight <= 0 || shape.OutputWidth <= 0 || parameters.OutputChannels <= 0)
        {
            return;
        }

        _filter = filter;
        _p = parameters;
        _s = shape;
        _output = output;
        _min = min;
        _max = max;
        _offsets = (nint*)scratch;
        _copy = (float*)(scratch + OffsetBytes(parameters));
        (_copyTop, _copyLeft, var height, _copyWidth) = CopyWindow(parameters, shape);
        SetOffsets();

        var outputs = (double)shape.OutputHeight * shape.OutputWidth * parameters.OutputChannels;
        var operations = 2.0 * outputs * parameters.KernelSize * parameters.GroupInputChannels / (parameters.StrideHeight * parameters.StrideWidth);
        for (_image = 0; _image < shape.Batch; _image++)
        {
            PaddedCopy.Run(
                input + (_image * shape.InputImage), shape.InputHeight, shape.InputWidth, shape.InputPixelStride, parameters.InputChannels,
                -_copyTop, -_copyLeft, height, _copyWidth, _copy);
            ParallelCost.Run(pool, shape.OutputHeight, operations, 4.0 * outputs, filter.Kernels.Width, this);
        }
    }

    [SkipLocalsInit]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var phases = _p.StrideHeight * _p.StrideWidth;
        var rows = stackalloc float*[PixelsPerBlock];
        var t = new TileArguments { CStride = (nint)_p.StrideWidth * _s.OutputPixelStride, Min = _min, Max = _max };
        for (var y = start; y < end; y++)
        {
            var (row, phaseRow) = Math.DivRem(y + _p.PaddingTop, _p.StrideHeight);
            for (var first = 0; first < Math.Min(_p.StrideWidth, _s.OutputWidth); first++)
            {
                var (column, phaseColumn) = Math.DivRem(first + _p.PaddingLeft, _p.StrideWidth);
                var phase = (phaseRow * _p.StrideWidth) + phaseColumn;
                t.Offsets = _offsets + ((nint)phase * _p.KernelSize);
                var source = _copy + (((((nint)row + _copyTop) * _copyWidth) + column + _copyLeft) * _p.InputChannels);
                var pixels = (_s.OutputWidth - first + _p.StrideWidth - 1) / _p.StrideWidth;
                for (var done = 0; done < pixels; done += PixelsPerBlock)
                {
                    var count = Math.Min(PixelsPerBlock, pixels - done);
                    for (var group = 0; group < _p.Groups; group++)
                    {
                        var weights = _filter.Matrices[(group * phases) + phase];
                        for (var i = 0; i < count; i++)
                        {
                            rows[i] = source + ((nint)(done + i) * _p.InputChannels) + (group * _p.GroupInputChannels);
                        }

                        t.BStep = weights.PanelWidth;
                        t.BPanel = weights.PanelStride;
                        t.SegmentLength = weights.K == 0 ? 0 : _p.GroupInputChannels;
                        t.SegmentCount = weights.K == 0 ? 1 : weights.K / _p.GroupInputChannels;
                        var c = _output + (_image * _s.OutputImage)
                            + ((((nint)y * _s.OutputWidth) + first + ((nint)done * _p.StrideWidth)) * _s.OutputPixelStride)
                            + ((nint)group * _p.GroupOutputChannels);
                        TileRunner.Run(weights.Kernels, ref t, rows, count, weights.Panel(0), weights.Bias, weights.PanelCount, weights.LastLanes, c);
                    }
                }
            }
        }
    }

    // Rows and columns of zeros around the input that outputs at its edges read; far kernel elements look back, near outputs look ahead.
    private static (int Top, int Left, int Height, int Width) CopyWindow(in ConvolutionParameters p, in ImageShape s)
    {
        var top = (p.KernelHeight - 1) * p.DilationHeight / p.StrideHeight;
        var left = (p.KernelWidth - 1) * p.DilationWidth / p.StrideWidth;
        var height = top + ((s.OutputHeight - 1 + p.PaddingTop) / p.StrideHeight) + 1;
        var width = left + ((s.OutputWidth - 1 + p.PaddingLeft) / p.StrideWidth) + 1;
        return (top, left, height, width);
    }

    private void SetOffsets()
    {
        for (var phase = 0; phase < _p.StrideHeight * _p.StrideWidth; phase++)
        {
            var offsets = _offsets + ((nint)phase * _p.KernelSize);
            *offsets = 0;
            for (var element = 0; element < _p.KernelSize; element++)
            {
                if (TransposedConvolution.IsInPhase(_p, phase, element))
                {
                    var back = element / _p.KernelWidth * _p.DilationHeight / _p.StrideHeight;
                    var left = element % _p.KernelWidth * _p.DilationWidth / _p.StrideWidth;
                    *offsets++ = -((((nint)back * _copyWidth) + left) * _p.InputChannels);
                }
            }
        }
    }
}
