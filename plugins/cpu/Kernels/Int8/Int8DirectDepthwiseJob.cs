using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels.MachineCode;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Depthwise 3x3 convolution of signed bytes, NHWC, by <see cref="VnniDepthwise3x3"/>: rows are read where they lie, one of padding stands for those above and
/// below. An item is an output row. The caller keeps the job and uses it for one at a time.
/// </summary>
internal sealed unsafe class Int8DirectDepthwiseJob : IParallelWork
{
    private Int8DepthwiseFilter _filter = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private Requantization _r;
    private sbyte _zeroPoint;
    private int _right;
    private sbyte* _padding;
    private sbyte* _input;
    private sbyte* _output;

    /// <summary>Whether a convolution is of this kind.</summary>
    /// <param name="p">Its parameters.</param>
    /// <param name="padding">The wider one of the paddings to the left and to the right.</param>
    public static bool Fits(in ConvolutionParameters p, int padding) =>
        p is { KernelHeight: 3, KernelWidth: 3, StrideWidth: 1 or 2, DilationHeight: 1, DilationWidth: 1, GroupInputChannels: 1, GroupOutputChannels: 1 }
        && padding is 0 or 1;

    /// <summary>Plans for sizes.</summary>
    /// <returns>Bytes of scratch.</returns>
    public long Plan(Int8DepthwiseFilter filter, in ConvolutionParameters parameters, in ImageShape shape, in Requantization requantization, int zeroPoint)
    {
        (_filter, _p, _s, _r, _zeroPoint) = (filter, parameters, shape, requantization, (sbyte)zeroPoint);
        _right = Math.Max(0, _p.InputColumns(shape.OutputWidth) - _p.PaddingLeft - shape.InputWidth);
        return (long)shape.InputWidth * shape.InputPixelStride;
    }

    /// <summary>Runs what was planned.</summary>
    public void Run(ComputePool? pool, sbyte* input, sbyte* output, byte* scratch)
    {
        _input = input;
        _output = output;
        _padding = (sbyte*)scratch;
        NativeMemory.Fill(scratch, (nuint)((nint)_s.InputWidth * _s.InputPixelStride), (byte)_zeroPoint);
        var outputs = (double)_s.Batch * _s.OutputHeight * _s.OutputWidth * _p.OutputChannels;
        ParallelCost.Run(pool, _s.Batch * _s.OutputHeight, 4.0 * outputs, 2.0 * outputs, 16, this);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        const int Slice = Int8DepthwiseFilter.DirectChannels;
        var filter = _filter;
        var numbers = stackalloc byte[ByteResults.ByteCount + 64];
        numbers = (byte*)(((nint)numbers + 63) & ~(nint)63);
        ByteResults.Fill(numbers, _r);
        var t = new VnniDepthwiseArguments
        {
            PixelStride = _s.InputPixelStride,
            Inside = _s.OutputWidth - _right,
            HasLeft = _p.PaddingLeft,
            HasRight = _right,
            OutputStride = _s.OutputPixelStride,
            Numbers = numbers,
            Padding = 0x01010101u * (byte)(_zeroPoint ^ 0x80),
        };
        var row = stackalloc sbyte*[3];
        for (var item = start; item < end; item++)
        {
            var image = item / _s.OutputHeight;
            var y = item % _s.OutputHeight;
            for (var i = 0; i < 3; i++)
            {
                var line = (y * _p.StrideHeight) - _p.PaddingTop + i;
                row[i] = (uint)line < (uint)_s.InputHeight
                    ? _input + (image * _s.InputImage) + ((nint)line * _s.InputWidth * _s.InputPixelStride) : _padding;
            }

            var destination = _output + (image * _s.OutputImage) + ((nint)y * _s.OutputWidth * _s.OutputPixelStride);
            for (var slice = 0; slice < filter.SliceCount; slice++)
            {
                var channel = slice * Slice;
                var channels = filter.Channels - channel;
                t.Upper = row[0] + channel;
                t.Middle = row[1] + channel;
                t.Lower = row[2] + channel;
                t.Weights = (sbyte*)filter.Weights(slice);
                t.Bias = filter.DirectBias(slice);
                t.Scales = filter.DirectScales(slice);
                t.Output = destination + channel;
                t.Channels = channels < Slice ? (1UL << channels) - 1 : ulong.MaxValue;
                VnniTiles.Depthwise3x3(_p.StrideWidth, channels < Slice)(&t);
            }
        }
    }
}
