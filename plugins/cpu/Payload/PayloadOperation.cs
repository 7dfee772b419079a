using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>An operation as the payload states it; only what its kind has is set.</summary>
internal sealed record PayloadOperation
{
    public required PayloadNodeKind Kind { get; init; }

    /// <summary>Name, position and debug handle, for events and errors.</summary>
    public required NodeSource Source { get; init; }

    /// <summary>Lower bound of the result; -infinity if the payload states no bounds, 0 if it states bounds and omits this one.</summary>
    public float Minimum { get; init; } = float.NegativeInfinity;

    public float Maximum { get; init; } = float.PositiveInfinity;

    /// <summary>Ids of the operands; an absent bias is <see cref="PayloadValue.NoId"/>.</summary>
    public uint[] Inputs { get; init; } = [];

    public uint[] Outputs { get; init; } = [];

    public uint Flags { get; init; }

    /// <summary>Axis of a concatenation.</summary>
    public int Axis { get; init; }

    /// <summary>Slope, alpha or padding value.</summary>
    public float Parameter { get; init; }

    /// <summary>Permutation, new shape, offsets, padding before, or new height and width.</summary>
    public uint[] First { get; init; } = [];

    /// <summary>Sizes, or padding after.</summary>
    public uint[] Second { get; init; } = [];

    public PayloadConvolution? Convolution { get; init; }

    public PayloadPooling? Pooling { get; init; }
}
