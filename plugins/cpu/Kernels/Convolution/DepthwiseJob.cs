using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>State of one running depthwise convolution; the caller keeps it and uses it for one at a time.</summary>
internal sealed unsafe class DepthwiseJob : IParallelWork
{
    private PackedDepthwise _filter = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private float* _input;
    private float* _output;
    private float _min;
    private float _max;
    private float* _zeros;
    private byte* _scratch;

    internal static nint ZeroBytes(in ConvolutionParameters p, in ImageShape s) =>
        (((nint)s.InputWidth * Math.Max(s.InputPixelStride, p.OutputChannels) * sizeof(float)) + 63) & ~(nint)63;

    internal static nint ScratchPerWorker(in ConvolutionParameters p, in ImageShape s) =>
        (((nint)p.KernelHeight * sizeof(float*)) + (p.GroupOutputChannels > 1 ? (nint)p.KernelHeight * s.InputWidth * p.OutputChannels * sizeof(float) : 0)
            + 127) & ~(nint)63;

    internal static delegate*<DepthwiseArguments*, void> Kernel(PackedDepthwise filter, in ConvolutionParameters p) => p switch
    {
        { KernelHeight: 3, KernelWidth: 3, DilationWidth: 1 } => filter.Kernels.Depthwise3x3,
        { KernelHeight: 5, KernelWidth: 5, DilationWidth: 1, StrideWidth: 1 or 2 } => filter.Kernels.Depthwise5x5,
        _ => filter.Kernels.Depthwise,
    };

    internal void Run(
        ComputePool? pool, PackedDepthwise filter, in ConvolutionParameters parameters, in ImageShape shape, float* input, float* output,
        float min, float max, byte* scratch)
    {
        _filter = filter;
        _p = parameters;
        _s = shape;
        _input = input;
        _output = output;
        _min = min;
        _max = max;
        _zeros = (float*)scratch;
        var zeroBytes = ZeroBytes(parameters, shape);
        _scratch = scratch + zeroBytes;
        if (parameters.PaddingTop > 0 || parameters.InputRows(shape.OutputHeight) - parameters.PaddingTop > shape.InputHeight)
        {
            NativeMemory.Clear(scratch, (nuint)zeroBytes);
        }

        var outputs = (double)shape.Batch * shape.OutputHeight * shape.OutputWidth * parameters.OutputChannels;
        ParallelCost.Run(
            pool, shape.Batch * shape.OutputHeight, 3.0 * outputs * parameters.KernelSize, 8.0 * outputs, filter.Kernels.Width, this);
    }

    void IParallelWork.Execute(int start, int end, int worker)
    {
        var scratch = _scratch + (worker * ScratchPerWorker(_p, _s));
        var rows = (float**)scratch;
        var expanded = (float*)(scratch + ((((nint)_p.KernelHeight * sizeof(float*)) + 63) & ~(nint)63));
        var multiplier = _p.GroupOutputChannels;
        var channels = _p.OutputChannels;
        var t = new DepthwiseArguments
        {
            Rows = rows,
            PixelStride = multiplier == 1 ? _s.InputPixelStride : channels,
            InputWidth = _s.InputWidth,
            OutputPixelStride = _s.OutputPixelStride,
            OutputWidth = _s.OutputWidth,
            Weights = _filter.Weights,
            WeightStride = _filter.Stride,
            Bias = _filter.Bias,
            Channels = channels,
            KernelHeight = _p.KernelHeight,
            KernelWidth = _p.KernelWidth,
            Stride = _p.StrideWidth,
            Dilation = _p.DilationWidth,
            PaddingLeft = _p.PaddingLeft,
            Min = _min,
            Max = _max,
        };
        var kernel = Kernel(_filter, _p);
        for (var item = start; item < end; item++)
        {
            var image = item / _s.OutputHeight;
            var y = item % _s.OutputHeight;
            for (var ky = 0; ky < _p.KernelHeight; ky++)
            {
                var row = (y * _p.StrideHeight) - _p.PaddingTop + (ky * _p.DilationHeight);
                if ((uint)row >= (uint)_s.InputHeight)
                {
                    rows[ky] = _zeros;
                    continue;
                }

                var source = _input + (image * _s.InputImage) + ((nint)row * _s.InputWidth * _s.InputPixelStride);
                rows[ky] = source;
                if (multiplier > 1)
                {
                    rows[ky] = expanded + ((nint)ky * _s.InputWidth * channels);
                    Expand(source, rows[ky], multiplier);
                }
            }

            t.Output = _output + (image * _s.OutputImage) + ((nint)y * _s.OutputWidth * _s.OutputPixelStride);
            kernel(&t);
        }
    }

    // Each channel so many times: the kernels know one input channel for each output channel.
    private void Expand(float* source, float* destination, int multiplier)
    {
        for (var column = 0; column < _s.InputWidth; column++)
        {
            for (var channel = 0; channel < _p.Groups; channel++)
            {
                for (var i = 0; i < multiplier; i++)
                {
                    *destination++ = source[channel];
                }
            }

            source += _s.InputPixelStride;
        }
    }
}
