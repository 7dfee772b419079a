using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Convolution;

/// <summary>Sizes of a convolution, brought to three spatial dimensions: missing ones in front have size 1.</summary>
internal unsafe struct ConvolutionShape
{
    private const int MaxSpatial = 3;

    private fixed int _input[MaxSpatial];
    private fixed int _output[MaxSpatial];
    private fixed int _kernel[MaxSpatial];
    private fixed int _stride[MaxSpatial];
    private fixed int _padding[MaxSpatial];
    private fixed int _dilation[MaxSpatial];

    internal int Batch { get; private init; }

    internal int InputChannels { get; private init; }

    internal int OutputChannels { get; private init; }

    internal int Groups { get; private init; }

    private int Spatial { get; init; }

    internal static ConvolutionShape Create(
        TensorView input, TensorView weight, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation,
        bool isTransposed, ReadOnlySpan<long> outputPadding, long groups)
    {
        var spatial = input.Rank - 2;
        Dims.Check(spatial is >= 1 and <= MaxSpatial && weight.Rank == input.Rank, "a convolution has one to three spatial dimensions and a weight of its rank");
        Dims.Check(groups > 0 && input.Sizes[1] % groups == 0 && weight.Sizes[0] % groups == 0, "the groups do not divide the channels");
        Dims.Check(isTransposed ? weight.Sizes[0] == input.Sizes[1] : weight.Sizes[1] == input.Sizes[1] / groups, "the weight's channels do not fit the input's");
        var shape = new ConvolutionShape
        {
            Batch = input.Sizes[0],
            InputChannels = input.Sizes[1],
            OutputChannels = isTransposed ? checked((int)(weight.Sizes[1] * groups)) : weight.Sizes[0],
            Groups = (int)groups,
            Spatial = spatial,
        };
        for (var i = 0; i < MaxSpatial; i++)
        {
            var own = i - (MaxSpatial - spatial);
            (shape._input[i], shape._kernel[i]) = own < 0 ? (1, 1) : (input.Sizes[own + 2], weight.Sizes[own + 2]);
            shape._stride[i] = Item(stride, own, 1, 1);
            shape._padding[i] = Item(padding, own, 0, 0);
            shape._dilation[i] = Item(dilation, own, 1, 1);
            var extent = (long)shape._dilation[i] * (shape._kernel[i] - 1);
            var size = isTransposed
                ? ((long)(shape._input[i] - 1) * shape._stride[i]) - (2L * shape._padding[i]) + extent + Item(outputPadding, own, 0, 0) + 1
                : ((shape._input[i] + (2L * shape._padding[i]) - extent - 1) / shape._stride[i]) + 1;
            Dims.Check(size is > 0 and <= int.MaxValue || shape._input[i] == 0, "a convolution's output would be empty");
            shape._output[i] = (int)size;
        }

        return shape;
    }

    internal readonly int Input(int dim) => _input[dim];

    internal readonly int Output(int dim) => _output[dim];

    internal readonly int Kernel(int dim) => _kernel[dim];

    internal readonly int Stride(int dim) => _stride[dim];

    internal readonly int Padding(int dim) => _padding[dim];

    internal readonly int Dilation(int dim) => _dilation[dim];

    internal readonly void FillOutputSizes(Span<int> sizes)
    {
        (sizes[0], sizes[1]) = (Batch, OutputChannels);
        for (var i = 0; i < Spatial; i++)
        {
            sizes[i + 2] = _output[i + MaxSpatial - Spatial];
        }
    }

    /// <summary>The input coordinate that meets an output coordinate at a kernel tap, if there is one.</summary>
    internal readonly bool TryInput(int dim, int output, int tap, bool isTransposed, out int input)
    {
        if (isTransposed)
        {
            var spread = output + _padding[dim] - (tap * _dilation[dim]);
            input = spread / _stride[dim];
            return spread >= 0 && spread % _stride[dim] == 0 && input < _input[dim];
        }

        input = (output * _stride[dim]) - _padding[dim] + (tap * _dilation[dim]);
        return input >= 0 && input < _input[dim];
    }

    internal readonly long Offset(TensorView tensor, int n, int channel, int z, int y, int x) =>
        (n * tensor.Strides[0]) + (channel * tensor.Strides[1]) + Spatially(tensor, z, y, x);

    internal readonly long WeightOffset(TensorView weight, int first, int second, int z, int y, int x) =>
        (first * weight.Strides[0]) + (second * weight.Strides[1]) + Spatially(weight, z, y, x);

    private readonly long Spatially(TensorView tensor, int z, int y, int x)
    {
        var offset = x * tensor.Strides[^1];
        offset += Spatial > 1 ? y * tensor.Strides[^2] : 0;
        return offset + (Spatial > 2 ? z * tensor.Strides[^3] : 0);
    }

    private static int Item(ReadOnlySpan<long> list, int index, int missing, int least)
    {
        if (index < 0 || list.Length == 0)
        {
            return missing;
        }

        var value = list[list.Length == 1 ? 0 : index];
        Dims.Check(value >= least && value <= 1 << 20, "a convolution's stride, padding or dilation is out of range");
        return (int)value;
    }
}
