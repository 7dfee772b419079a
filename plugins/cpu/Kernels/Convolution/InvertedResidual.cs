namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The layers of an inverted residual block, as in MobileNetV2.</summary>
internal sealed unsafe class InvertedResidual
{
    /// <summary>Convolution to the channels between, 1x1 or that of an image's colours; null: there is none.</summary>
    public PackedMatrix? Expand { get; init; }

    /// <summary>Bounds of its result.</summary>
    public (float Minimum, float Maximum) ExpandBounds { get; init; }

    /// <summary>Depthwise convolution with one output for each channel.</summary>
    public required PackedDepthwise Depthwise { get; init; }

    /// <summary>Bounds of its result.</summary>
    public required (float Minimum, float Maximum) DepthwiseBounds { get; init; }

    /// <summary>1x1 convolution to the channels of the output.</summary>
    public required PackedMatrix Project { get; init; }

    /// <summary>Bounds of its result.</summary>
    public required (float Minimum, float Maximum) ProjectBounds { get; init; }

    /// <summary>The kernel that adds the block's input to its output; null: it does not.</summary>
    public delegate*<in BinaryRows, float*, float*, float*, nint, nint, void> Add { get; init; }

    /// <summary>Bounds of that sum.</summary>
    public (float Minimum, float Maximum) SumBounds { get; init; }
}
