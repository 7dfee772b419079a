using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Runs an inverted residual block by rows: what is between its layers stays in a thread's own cache and never gets to memory. An item is a
/// band of output rows. The caller keeps the job and uses it for one at a time.
/// </summary>
internal sealed unsafe class InvertedResidualJob : IParallelWork
{
    // Fewer pixels at once and tiles would be cut short.
    private const int PixelsPerBand = 96;

    // Of rows at a time, on the stack.
    private const int PixelsPerProduct = 240;

    /// <summary>Most rows of the kernel of the first convolution.</summary>
    public const int MaxKernelHeight = 16;

    private InvertedResidual _block = null!;
    private ConvolutionParameters _p;
    private ImageShape _s;
    private ConvolutionParameters _expandParameters;
    private ImageShape _expandShape;
    private bool _isProduct;
    private int _copyWidth;
    private int _bandRows;
    private int _bands;
    private int _expandRows;
    private nint _zeroBytes;
    private nint _expandedBytes;
    private nint _betweenBytes;
    private nint _copyBytes;
    private nint _workerBytes;
    private float* _input;
    private float* _output;
    private byte* _scratch;

    /// <summary>Plans for sizes.</summary>
    /// <param name="block">The layers.</param>
    /// <param name="parameters">Of the depthwise convolution.</param>
    /// <param name="shape">Sizes of the depthwise convolution.</param>
    /// <param name="expandParameters">Of the convolution before it, whose dilation is 1; of no meaning where there is none.</param>
    /// <param name="expandShape">Sizes of that; without one those of <paramref name="shape"/>.</param>
    /// <param name="threads">Threads that will run it.</param>
    /// <returns>Bytes of scratch.</returns>
    public long Plan(
        InvertedResidual block, in ConvolutionParameters parameters, in ImageShape shape, in ConvolutionParameters expandParameters, in ImageShape expandShape, int threads)
    {
        (_block, _p, _s, _expandParameters, _expandShape) = (block, parameters, shape, expandParameters, expandShape);
        nint channels = shape.InputPixelStride;
        _isProduct = expandParameters.KernelSize == 1 && expandParameters is { StrideHeight: 1, StrideWidth: 1, PaddingTop: 0, PaddingLeft: 0 };
        _bands = Bands(shape, threads);
        _bandRows = (shape.OutputHeight + _bands - 1) / _bands;

        // Two of these hold all rows that one output row reads.
        var reach = (parameters.KernelHeight - 1) * parameters.DilationHeight;
        _expandRows = Math.Max(Math.Max(2, reach), (PixelsPerBand + shape.InputWidth - 1) / shape.InputWidth);
        _zeroBytes = DepthwiseJob.ZeroBytes(parameters, shape);
        _expandedBytes = block.Expand is null ? 0 : Aligned(2 * (nint)_expandRows * shape.InputWidth * channels * sizeof(float));
        _betweenBytes = Aligned((nint)_bandRows * shape.OutputWidth * channels * sizeof(float));
        _copyWidth = _isProduct || block.Expand is null ? 0 : expandParameters.InputColumns(shape.InputWidth);
        _copyBytes = _copyWidth == 0 ? 0 : Aligned((nint)expandParameters.InputRows(_expandRows) * _copyWidth * expandShape.InputPixelStride * sizeof(float));
        _workerBytes = _expandedBytes + _betweenBytes + _copyBytes + Aligned(Math.Max(parameters.KernelHeight, expandParameters.KernelHeight) * sizeof(float*));
        return _zeroBytes + (threads * (long)_workerBytes);
    }

    /// <summary>Compiles what <see cref="Run"/> will call.</summary>
    public static void Prepare(InvertedResidual block, in ConvolutionParameters parameters, in ImageShape shape, int threads)
    {
        var bands = Bands(shape, threads);
        var bandPixels = (shape.OutputHeight + bands - 1) / bands * shape.OutputWidth;
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
        var copy = (float*)((byte*)between + _betweenBytes);
        var rows = (float**)((byte*)copy + _copyBytes);
        var inputLine = (nint)_expandShape.InputWidth * _expandShape.InputPixelStride;
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
        var (image, even, odd, origin, limit) = (-1, -1, -1, 0, 0);
        for (var item = start; item < end; item++)
        {
            var first = FirstRow(item % _bands);
            var count = FirstRow((item % _bands) + 1) - first;
            if (item / _bands != image)
            {
                // No row is expanded that this run of bands does not read.
                (image, even, odd) = (item / _bands, -1, -1);
                var last = FirstRow(Math.Min(end - (image * _bands), _bands)) - 1;
                origin = Math.Max(0, (first * _p.StrideHeight) - _p.PaddingTop);
                limit = Math.Min(_s.InputHeight, (last * _p.StrideHeight) - _p.PaddingTop + ((_p.KernelHeight - 1) * _p.DilationHeight) + 1);
            }

            var source = _input + (image * _expandShape.InputImage);
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

                    var part = (row - origin) / _expandRows;
                    ref var held = ref part % 2 == 0 ? ref even : ref odd;
                    var target = expanded + (part % 2 * _expandRows * line);
                    if (held != part)
                    {
                        held = part;
                        var firstRow = origin + (part * _expandRows);
                        Expand(source, firstRow, Math.Min(_expandRows, limit - firstRow), copy, target);
                    }

                    rows[ky] = target + ((row - origin) % _expandRows * line);
                }

                t.Output = between + (i * _s.OutputWidth * channels);
                kernel(&t);
            }

            var destination = _output + (((image * (nint)_s.OutputHeight) + first) * outputLine);
            nint offset = 0;
            Multiply(
                _block.Project, _block.ProjectBounds, between, channels, 0, int.MaxValue, &offset, 1, _block.Project.K, count * _s.OutputWidth, destination,
                _block.Project.N);
            if (_block.Add != null)
            {
                // Input and output have the same sizes.
                _block.Add(
                    new BinaryRows(1, 1, 0, 0, _block.SumBounds.Minimum, _block.SumBounds.Maximum), source + (first * inputLine), destination, destination, 1,
                    count * outputLine);
            }
        }
    }

    // As many as give tiles enough rows, the same for each thread.
    private static int Bands(in ImageShape shape, int threads)
    {
        var rows = Math.Clamp((PixelsPerBand + shape.OutputWidth - 1) / shape.OutputWidth, 1, shape.OutputHeight);
        var bands = (shape.OutputHeight + rows - 1) / rows;
        return Math.Min(shape.OutputHeight, (bands + threads - 1) / threads * threads);
    }

    private int FirstRow(int band) => (int)((long)band * _s.OutputHeight / _bands);

    private static nint Aligned(nint bytes) => (bytes + 63) & ~(nint)63;

    /// <summary>Computes rows of the depthwise convolution's input.</summary>
    [SkipLocalsInit]
    private void Expand(float* source, int firstRow, int rows, float* copy, float* target)
    {
        var (weights, p, s) = (_block.Expand!, _expandParameters, _expandShape);
        nint channels = s.InputPixelStride;
        if (_isProduct)
        {
            nint offset = 0;
            Multiply(
                weights, _block.ExpandBounds, source + ((nint)firstRow * s.InputWidth * channels), channels, 0, int.MaxValue, &offset, 1, weights.K,
                rows * _s.InputWidth, target, _s.InputPixelStride);
            return;
        }

        PaddedCopy.Run(
            source, s.InputHeight, s.InputWidth, s.InputPixelStride, s.InputPixelStride, (firstRow * p.StrideHeight) - p.PaddingTop, -p.PaddingLeft,
            p.InputRows(rows), _copyWidth, copy);
        var offsets = stackalloc nint[MaxKernelHeight];
        for (var ky = 0; ky < p.KernelHeight; ky++)
        {
            offsets[ky] = ky * _copyWidth * channels;
        }

        Multiply(
            weights, _block.ExpandBounds, copy, p.StrideWidth * channels, p.StrideHeight * _copyWidth * channels, _s.InputWidth, offsets, p.KernelHeight,
            p.KernelWidth * channels, rows * _s.InputWidth, target, _s.InputPixelStride);
    }

    /// <summary>Pixels by a filter: <paramref name="width"/> pixels lie at equal distances, then the next line begins.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(
        PackedMatrix weights, (float Minimum, float Maximum) bounds, float* a, nint pixelStep, nint lineStep, int width, nint* offsets, int segments,
        nint segmentLength, int count, float* c, nint cStride)
    {
        var rows = stackalloc float*[PixelsPerProduct];
        var t = new TileArguments
        {
            Offsets = offsets,
            SegmentCount = segments,
            SegmentLength = segmentLength,
            BStep = weights.PanelWidth,
            BPanel = weights.PanelStride,
            CStride = cStride,
            Min = bounds.Minimum,
            Max = bounds.Maximum,
        };
        var column = 0;
        var line = a;
        for (var first = 0; first < count; first += PixelsPerProduct)
        {
            var take = Math.Min(PixelsPerProduct, count - first);
            for (var i = 0; i < take; i++)
            {
                rows[i] = line + (column * pixelStep);
                if (++column == width)
                {
                    column = 0;
                    line += lineStep;
                }
            }

            TileRunner.Run(weights.Kernels, ref t, rows, take, weights.Panel(0), weights.Bias, weights.PanelCount, weights.LastLanes, c + (first * cStride));
        }
    }
}
