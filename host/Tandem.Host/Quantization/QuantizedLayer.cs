namespace Tandem.Host.Quantization;

/// <summary>A layer whose weight was quantised; shared by all nodes and methods that use it.</summary>
public sealed record QuantizedLayer
{
    /// <summary>Qualified name of the weight without ".weight".</summary>
    public required string Name { get; init; }

    /// <summary>Number of outputs: rows of the weight.</summary>
    public required int Outputs { get; init; }

    /// <summary>Number of inputs: values of a row.</summary>
    public required int Inputs { get; init; }

    /// <summary>The scheme.</summary>
    public required QuantizationScheme Scheme { get; init; }

    /// <summary>Inputs that share a scale; 0 for a whole row.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Nodes that use the weight, in all methods.</summary>
    public required int Uses { get; init; }

    /// <summary>Error with the scales of <see cref="WeightClipping.None"/>.</summary>
    public required QuantizationError WithoutClipping { get; init; }

    /// <summary>Error with the scales that were taken.</summary>
    public required QuantizationError Error { get; init; }

    /// <summary>Bytes of the float weight.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Bytes of integers and scales as a lowered program holds them: int4 in half a byte, with bfloat16 scales; int8 with float32 scales.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>Why the float weight stays in the program as well; null if it does not.</summary>
    public string? FloatStays { get; init; }
}
