using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Convolution, plain or transposed, of NHWC images that are quantised as they are, each with one scale, with 8-bit filters: the windows of some pixels at a time are quantised as
/// rows and multiplied. The caller keeps it and uses it for one call at a time; nothing is allocated by <see cref="Run"/>.
/// </summary>
internal sealed unsafe class DynamicConvolutionJob(
    InstructionSet instructionSet, bool isTransposed, PackedQuantizedMatrix[] filters, float min, float max) : IParallelWork
{
    // Whole tiles of rows, few enough to stay in the first-level cache.
    private const int PixelsPerTile = 48;

    private ConvolutionParameters _parameters;
    private ImageShape _image;
    private float* _input;
    private float* _output;
    private RowQuantization* _images;
    private byte* _workers;
    private int _tilesPerImage;

    /// <summary>Bytes of scratch for so many images and threads.</summary>
    public static long GetScratchBytes(in ConvolutionParameters parameters, in ImageShape image, int threads) =>
        (threads * WorkerBytes(parameters)) + (((long)image.Batch * sizeof(RowQuantization)) + 64);

    /// <summary>Computes all output images.</summary>
    /// <param name="pool">Threads; null runs on the caller's.</param>
    /// <param name="parameters">Geometry.</param>
    /// <param name="image">Sizes, none of them 0.</param>
    /// <param name="input">NHWC.</param>
    /// <param name="output">NHWC, overwritten.</param>
    /// <param name="scratch">As many bytes as <see cref="GetScratchBytes"/> says, aligned to 64.</param>
    public void Run(ComputePool? pool, in ConvolutionParameters parameters, in ImageShape image, float* input, float* output, byte* scratch)
    {
        _parameters = parameters;
        _image = image;
        _input = input;
        _output = output;
        _images = (RowQuantization*)scratch;
        _workers = scratch + ((((nint)image.Batch * sizeof(RowQuantization)) + 63) & ~(nint)63);
        var size = image.InputImage;
        for (var i = 0; i < image.Batch; i++)
        {
            _images[i] = RowQuantizer.Measure(instructionSet, input + (i * size), size);
        }

        var pixels = (long)image.OutputHeight * image.OutputWidth;
        _tilesPerImage = (int)((pixels + PixelsPerTile - 1) / PixelsPerTile);
        var elements = (double)pixels * image.Batch * parameters.KernelSize * parameters.InputChannels;
        ParallelCost.Run(
            pool, checked(image.Batch * _tilesPerImage), elements * (8 + parameters.GroupOutputChannels), elements, filters[0].Width, this);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var (depth, pixels) = (filters[0].K, _image.OutputHeight * _image.OutputWidth);
        var stride = RowQuantizer.RowStride(depth);
        var memory = _workers + (worker * (nint)WorkerBytes(_parameters));
        var window = (float*)memory;
        var rows = memory + WindowBytes(depth);
        var parameters = (RowQuantization*)(rows + (PixelsPerTile * stride));
        var outputChannels = _parameters.OutputChannels;
        for (var item = start; item < end; item++)
        {
            var (image, first) = (item / _tilesPerImage, item % _tilesPerImage * PixelsPerTile);
            var count = Math.Min(PixelsPerTile, pixels - first);
            var output = _output + ((((nint)image * pixels) + first) * outputChannels);
            for (var group = 0; group < filters.Length; group++)
            {
                for (var i = 0; i < count; i++)
                {
                    Gather(image, (first + i) / _image.OutputWidth, (first + i) % _image.OutputWidth, group, window);
                    parameters[i] = RowQuantizer.QuantizeRow(instructionSet, window, depth, _images[image], rows + (i * stride));
                }

                for (var stream = 0; stream < filters[group].StreamCount; stream++)
                {
                    QuantizedTileRunner.Run(
                        filters[group], stream, rows, parameters, count, output + (group * _parameters.GroupOutputChannels), outputChannels, min, max, null);
                }
            }
        }
    }

    /// <summary>The inputs of one output pixel; what lies outside of the image, or between its pixels, is 0, whose code is the zero point.</summary>
    private void Gather(int image, int outputRow, int outputColumn, int group, float* window)
    {
        ref readonly var p = ref _parameters;
        var channels = p.GroupInputChannels;
        for (var y = 0; y < p.KernelHeight; y++)
        {
            var row = isTransposed
                ? Source(outputRow, y * (long)p.DilationHeight, p.PaddingTop, p.StrideHeight)
                : ((long)outputRow * p.StrideHeight) + ((long)y * p.DilationHeight) - p.PaddingTop;
            for (var x = 0; x < p.KernelWidth; x++)
            {
                var column = isTransposed
                    ? Source(outputColumn, x * (long)p.DilationWidth, p.PaddingLeft, p.StrideWidth)
                    : ((long)outputColumn * p.StrideWidth) + ((long)x * p.DilationWidth) - p.PaddingLeft;
                if (row >= 0 && row < _image.InputHeight && column >= 0 && column < _image.InputWidth)
                {
                    var source = _input + ((((((nint)image * _image.InputHeight) + (nint)row) * _image.InputWidth) + (nint)column) * _image.InputPixelStride) + (group * channels);
                    new ReadOnlySpan<float>(source, channels).CopyTo(new Span<float>(window, channels));
                }
                else
                {
                    new Span<float>(window, channels).Clear();
                }

                window += channels;
            }
        }
    }

    /// <summary>The input that an element of the kernel brings to an output of a transposed convolution; -1: none.</summary>
    private static long Source(int output, long offset, int padding, int stride)
    {
        var position = output + (long)padding - offset;
        return position % stride == 0 ? position / stride : -1;
    }

    private static long WindowBytes(int depth) => (((long)depth * sizeof(float)) + 63) & ~63L;

    private static long WorkerBytes(in ConvolutionParameters parameters)
    {
        var depth = parameters.KernelSize * parameters.GroupInputChannels;
        return WindowBytes(depth) + (PixelsPerTile * ((long)RowQuantizer.RowStride(depth) + sizeof(RowQuantization)));
    }
}
