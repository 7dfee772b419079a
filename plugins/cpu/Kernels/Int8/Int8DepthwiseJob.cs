using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Depthwise convolution of signed bytes, NHWC: an item is an output row. The caller keeps the job and uses it for one at a time.</summary>
internal sealed unsafe class Int8DepthwiseJob : IParallelWork
{
    private readonly Int8DirectDepthwiseJob _direct = new();
    private Int8DepthwiseFilter _filter = null!;
    private delegate*<int*, nint, int, int, int*, float*, in Requantization, sbyte*, nint, void> _requantize;
    private delegate*<Int8DepthwiseArguments*, void> _kernel;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private Requantization _r;
    private sbyte _zeroPoint;
    private int _columns;
    private nint _columnBytes;
    private nint _workerBytes;
    private byte* _scratch;
    private sbyte* _input;
    private sbyte* _output;

    /// <summary>Plans for sizes.</summary>
    /// <returns>Bytes of scratch.</returns>
    public long Plan(
        Int8DepthwiseFilter filter, in ConvolutionParameters parameters, in ImageShape shape, in Requantization requantization, int zeroPoint, int threads)
    {
        (_filter, _p, _s, _r, _zeroPoint) = (filter, parameters, shape, requantization, (sbyte)zeroPoint);
        if (filter.IsDirect)
        {
            return _direct.Plan(filter, parameters, shape, requantization, zeroPoint);
        }

        _requantize = RequantizeKernel.Get(filter.Rung);
        _kernel = filter.Rung switch
        {
            InstructionSet.Avx512 => &Int8Depthwise<ByteSimdAvx512, Vector512<int>, Vector512<float>>.Row,
            InstructionSet.AvxVnni => &Int8Depthwise<ByteSimdAvxVnni, Vector256<int>, Vector256<float>>.Row,
            InstructionSet.Avx2 => &Int8Depthwise<ByteSimdAvx2, Vector256<int>, Vector256<float>>.Row,
            InstructionSet.ArmDot => &Int8Depthwise<ByteSimdArmDot, Vector128<int>, Vector128<float>>.Row,
            InstructionSet.AdvSimd => &Int8Depthwise<ByteSimdAdvSimd, Vector128<int>, Vector128<float>>.Row,
            InstructionSet.Vector128 => &Int8Depthwise<ByteSimdVector128, Vector128<int>, Vector128<float>>.Row,
            _ => &Int8Depthwise<ByteSimdScalar, int, float>.Row,
        };
        _columns = _p.InputColumns(shape.OutputWidth);
        _columnBytes = (nint)filter.RowGroups * _columns * 64;
        _workerBytes = _columnBytes + ((nint)shape.OutputWidth * 64) + 64;
        return _workerBytes * threads;
    }

    /// <summary>Runs what was planned.</summary>
    public void Run(ComputePool? pool, sbyte* input, sbyte* output, byte* scratch)
    {
        if (_filter.IsDirect)
        {
            _direct.Run(pool, input, output, scratch);
            return;
        }

        _input = input;
        _output = output;
        _scratch = scratch;
        var outputs = (double)_s.Batch * _s.OutputHeight * _s.OutputWidth * _p.OutputChannels;
        ParallelCost.Run(pool, _s.Batch * _s.OutputHeight, 1.0 * outputs * _p.KernelSize, 2.0 * outputs, 16, this);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var filter = _filter;
        var columns = _scratch + (worker * _workerBytes);
        var sums = (int*)(columns + _columnBytes);
        var padding = stackalloc sbyte[16];
        NativeMemory.Fill(padding, 16, (byte)_zeroPoint);
        var t = new Int8DepthwiseArguments
        {
            Columns = columns,
            GroupStride = (nint)_columns * 64,
            RowGroups = filter.RowGroups,
            KernelWidth = filter.KernelWidth,
            Step = (nint)_p.StrideWidth * 64,
            Dilation = (nint)_p.DilationWidth * 64,
            Sums = sums,
            OutputWidth = _s.OutputWidth,
        };
        var rows = stackalloc sbyte*[4];
        var strides = stackalloc nint[4];
        for (var item = start; item < end; item++)
        {
            var image = item / _s.OutputHeight;
            var y = item % _s.OutputHeight;
            var destination = _output + (image * _s.OutputImage) + ((nint)y * _s.OutputWidth * _s.OutputPixelStride);
            for (var slice = 0; slice < filter.SliceCount; slice++)
            {
                var channel = slice * 16;
                var count = Math.Min(16, filter.Channels - channel);
                for (var group = 0; group < filter.RowGroups; group++)
                {
                    for (var i = 0; i < 4; i++)
                    {
                        var ky = (group * 4) + i;
                        var row = (y * _p.StrideHeight) - _p.PaddingTop + (ky * _p.DilationHeight);
                        var isInside = ky < filter.KernelHeight && (uint)row < (uint)_s.InputHeight;
                        rows[i] = isInside
                            ? _input + (image * _s.InputImage) + ((nint)row * _s.InputWidth * _s.InputPixelStride) + (channel / _p.GroupOutputChannels) : padding;
                        strides[i] = isInside ? _s.InputPixelStride : 0;
                    }

                    Interleave(rows, strides, padding, channel, count, columns + (group * t.GroupStride));
                }

                t.Weights = filter.Weights(slice);
                _kernel(&t);
                _requantize(sums, 16, _s.OutputWidth, count, filter.Bias + channel, filter.Scales + channel, _r, destination + channel, _s.OutputPixelStride);
            }
        }
    }

    /// <summary>Four rows of 16 channels to [column][channel][row].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interleave(sbyte** rows, nint* strides, sbyte* padding, int channel, int count, byte* target)
    {
        var left = Math.Clamp(_p.PaddingLeft, 0, _columns);
        var inside = Math.Clamp(_s.InputWidth, 0, _columns - left);
        for (var x = 0; x < left; x++, target += 64)
        {
            new Span<byte>(target, 64).Fill((byte)(_zeroPoint + _filter.Offset));
        }

        if (count == 16 && _p.GroupOutputChannels == 1 && Vector128.IsHardwareAccelerated)
        {
            var offset = Vector128.Create((byte)_filter.Offset);
            var r0 = rows[0];
            var r1 = rows[1];
            var r2 = rows[2];
            var r3 = rows[3];
            var (d0, d1, d2, d3) = (strides[0], strides[1], strides[2], strides[3]);
            for (var x = 0; x < inside; x++, target += 64, r0 += d0, r1 += d1, r2 += d2, r3 += d3)
            {
                var (a, b) = (Vector128.Load((byte*)r0) ^ offset, Vector128.Load((byte*)r1) ^ offset);
                var (c, d) = (Vector128.Load((byte*)r2) ^ offset, Vector128.Load((byte*)r3) ^ offset);
                var (ab, cd) = (ByteZip.Low(a, b), ByteZip.Low(c, d));
                ByteZip.Low(ab, cd).Store((ushort*)target);
                ByteZip.High(ab, cd).Store((ushort*)(target + 16));
                (ab, cd) = (ByteZip.High(a, b), ByteZip.High(c, d));
                ByteZip.Low(ab, cd).Store((ushort*)(target + 32));
                ByteZip.High(ab, cd).Store((ushort*)(target + 48));
            }
        }
        else
        {
            var first = channel / _p.GroupOutputChannels;
            for (var x = 0; x < inside; x++, target += 64)
            {
                for (var c = 0; c < 16; c++)
                {
                    // A channel of the input feeds as many of the output as the multiplier says.
                    var source = c < count ? ((channel + c) / _p.GroupOutputChannels) - first : 0;
                    for (var i = 0; i < 4; i++)
                    {
                        var value = rows[i][rows[i] == padding ? 0 : (x * strides[i]) + source];
                        target[(c * 4) + i] = (byte)(value + _filter.Offset);
                    }
                }
            }
        }

        for (var x = left + inside; x < _columns; x++, target += 64)
        {
            new Span<byte>(target, 64).Fill((byte)(_zeroPoint + _filter.Offset));
        }
    }
}
