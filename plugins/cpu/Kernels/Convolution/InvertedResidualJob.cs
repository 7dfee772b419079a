using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Runs an inverted residual block by rows: what is between its layers stays in a thread's own cache and never gets to memory. Every element is computed as
/// by the layers one after the other. An item is a band of output rows. The caller keeps the job and uses it for one at a time.
/// </summary>
internal sealed unsafe class InvertedResidualJob : IParallelWork
{
    // Fewer pixels at once and tiles would be cut short.
    private const int PixelsPerBand = 96;

    // Of rows at a time, on the stack.
    private const int PixelsPerProduct = 240;

    private InvertedResidual _block = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private int _inputChannels;
    private int _bandRows;
    private int _bands;
    private int _expandRows;
    private nint _zeroBytes;
    private nint _expandedBytes;
    private nint _workerBytes;
    private float* _input;
    private float* _output;
    private byte* _scratch;

    /// <summary>Plans for sizes.</summary>
    /// <param name="block">The layers.</param>
    /// <param name="parameters">Of the depthwise convolution.</param>
    /// <param name="shape">Sizes of the depthwise convolution.</param>
    /// <param name="threads">Threads that will run it.</param>
    /// <returns>Bytes of scratch.</returns>
    public long Plan(InvertedResidual block, in ConvolutionParameters parameters, in ImageShape shape, int threads)
    {
        (_block, _p, _s) = (block, parameters, shape);
        nint channels = shape.InputPixelStride;
        _inputChannels = block.Expand?.K ?? shape.InputPixelStride;
        _bandRows = Math.Clamp((PixelsPerBand + shape.OutputWidth - 1) / shape.OutputWidth, 1, shape.OutputHeight);
        _bands = (shape.OutputHeight + _bandRows - 1) / _bandRows;

        // Two of these hold all rows that one output row reads.
        var reach = (parameters.KernelHeight - 1) * parameters.DilationHeight;
        _expandRows = Math.Max(Math.Max(2, reach), (PixelsPerBand + shape.InputWidth - 1) / shape.InputWidth);
        _zeroBytes = DepthwiseJob.ZeroBytes(parameters, shape);
        _expandedBytes = block.Expand is null ? 0 : Aligned(2 * (nint)_expandRows * shape.InputWidth * channels * sizeof(float));
        _workerBytes = _expandedBytes + Aligned((nint)_bandRows * shape.OutputWidth * channels * sizeof(float)) + Aligned(parameters.KernelHeight * sizeof(float*));
        return _zeroBytes + (threads * (long)_workerBytes);
    }

    /// <summary>Compiles what <see cref="Run"/> will call.</summary>
    public static void Prepare(InvertedResidual block, in ConvolutionParameters parameters, in ImageShape shape)
    {
        var bandPixels = Math.Clamp((PixelsPerBand + shape.OutputWidth - 1) / shape.OutputWidth, 1, shape.OutputHeight) * shape.OutputWidth;
        DepthwiseConvolution.Prepare(block.Depthwise, parameters);
        foreach (var pixels in (ReadOnlySpan<int>)[Math.Min(bandPixels, PixelsPerProduct), bandPixels % PixelsPerProduct])
        {
            block.Project.Kernels.Compile(pixels, block.Project.PanelCount);
            block.Expand?.Kernels.Compile(pixels, block.Expand.PanelCount);
        }
    }

    /// <summary>Runs what was planned.</summary>
    public void Run(ComputePool? pool, float* input, float* output, byte* scratch)
    {
        _input = input;
        _output = output;
        _scratch = scratch;
        NativeMemory.Clear(scratch, (nuint)_zeroBytes);
        var items = _s.Batch * _bands;
        if (pool is not null && pool.ThreadCount > 1)
        {
            // Each thread takes one run of bands: where a run begins, rows are expanded a second time.
            pool.Run(items, Math.Max(1, items / pool.ThreadCount), this);
            return;
        }

        var channels = (double)_s.InputPixelStride;
        var operations = 2.0 * _s.Batch * channels * (((double)_s.InputHeight * _s.InputWidth * (_block.Expand?.K ?? 0))
            + ((double)_s.OutputHeight * _s.OutputWidth * (_block.Project.N + (2 * _p.KernelSize))));
        ParallelCost.Run(pool, items, operations, 0, _block.Depthwise.Kernels.Width, this);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        nint channels = _s.InputPixelStride;
        var zeros = (float*)_scratch;
        var expanded = (float*)(_scratch + _zeroBytes + (worker * _workerBytes));
        var between = (float*)((byte*)expanded + _expandedBytes);
        var rows = (float**)((byte*)expanded + _workerBytes - Aligned(_p.KernelHeight * sizeof(float*)));
        var inputLine = (nint)_s.InputWidth * _inputChannels;
        var line = _s.InputWidth * channels;
        var outputLine = (nint)_s.OutputWidth * _block.Project.N;
        var t = new DepthwiseArguments
        {
            Rows = rows,
            PixelStride = channels,
            InputWidth = _s.InputWidth,
            OutputPixelStride = channels,
            OutputWidth = _s.OutputWidth,
            Weights = _block.Depthwise.Weights,
            WeightStride = _block.Depthwise.Stride,
            Bias = _block.Depthwise.Bias,
            Channels = channels,
            KernelHeight = _p.KernelHeight,
            KernelWidth = _p.KernelWidth,
            Stride = _p.StrideWidth,
            Dilation = _p.DilationWidth,
            PaddingLeft = _p.PaddingLeft,
            Min = _block.DepthwiseBounds.Minimum,
            Max = _block.DepthwiseBounds.Maximum,
        };
        var kernel = DepthwiseJob.Kernel(_block.Depthwise, _p);
        var (image, even, odd) = (-1, -1, -1);
        for (var item = start; item < end; item++)
        {
            if (item / _bands != image)
            {
                (image, even, odd) = (item / _bands, -1, -1);
            }

            var source = _input + (image * _s.InputHeight * inputLine);
            var first = item % _bands * _bandRows;
            var count = Math.Min(_bandRows, _s.OutputHeight - first);
            for (var i = 0; i < count; i++)
            {
                for (var ky = 0; ky < _p.KernelHeight; ky++)
                {
                    var row = ((first + i) * _p.StrideHeight) - _p.PaddingTop + (ky * _p.DilationHeight);
                    if ((uint)row >= (uint)_s.InputHeight)
                    {
                        rows[ky] = zeros;
                        continue;
                    }

                    if (_block.Expand is null)
                    {
                        rows[ky] = source + (row * inputLine);
                        continue;
                    }

                    var part = row / _expandRows;
                    ref var held = ref part % 2 == 0 ? ref even : ref odd;
                    var target = expanded + (part % 2 * _expandRows * line);
                    if (held != part)
                    {
                        held = part;
                        var firstRow = part * _expandRows;
                        var pixels = Math.Min(_expandRows, _s.InputHeight - firstRow) * _s.InputWidth;
                        Multiply(_block.Expand, _block.ExpandBounds, source + (firstRow * inputLine), _inputChannels, pixels, target, channels);
                    }

                    rows[ky] = target + (row % _expandRows * line);
                }

                t.Output = between + (i * _s.OutputWidth * channels);
                kernel(&t);
            }

            var destination = _output + (((image * (nint)_s.OutputHeight) + first) * outputLine);
            Multiply(_block.Project, _block.ProjectBounds, between, channels, count * _s.OutputWidth, destination, _block.Project.N);
            if (_block.Add != null)
            {
                // Input and output have the same sizes.
                _block.Add(
                    new BinaryRows(1, 1, 0, 0, _block.SumBounds.Minimum, _block.SumBounds.Maximum), source + (first * inputLine), destination, destination, 1,
                    count * outputLine);
            }
        }
    }

    private static nint Aligned(nint bytes) => (bytes + 63) & ~(nint)63;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(PackedMatrix weights, (float Minimum, float Maximum) bounds, float* a, nint aStride, int count, float* c, nint cStride)
    {
        var rows = stackalloc float*[PixelsPerProduct];
        nint offset = 0;
        var t = new TileArguments
        {
            Offsets = &offset,
            SegmentCount = 1,
            SegmentLength = weights.K,
            BStep = weights.PanelWidth,
            BPanel = weights.PanelStride,
            CStride = cStride,
            Min = bounds.Minimum,
            Max = bounds.Maximum,
        };
        for (var first = 0; first < count; first += PixelsPerProduct)
        {
            var take = Math.Min(PixelsPerProduct, count - first);
            for (var i = 0; i < take; i++)
            {
                rows[i] = a + ((first + i) * aStride);
            }

            TileRunner.Run(weights.Kernels, ref t, rows, take, weights.Panels, weights.Bias, weights.PanelCount, weights.LastLanes, c + (first * cStride));
        }
    }
}
