using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>A tensor of the compiled graph; immutable.</summary>
internal sealed unsafe class GraphValue
{
    /// <summary>Position in <see cref="CompiledGraph.Values"/>.</summary>
    public required int Index { get; init; }

    /// <summary>The payload's id, for messages.</summary>
    public required uint PayloadId { get; init; }

    public required ValueKind Kind { get; init; }

    /// <summary>
    /// Float, Half, BFloat16, Int, Char (qint8) or Byte (quint8); Half and BFloat16 only at the boundary, where a conversion reads or writes them.
    /// </summary>
    public required ScalarType ScalarType { get; init; }

    /// <summary>Sizes in the file: exact for constants, upper bounds for the others.</summary>
    public required Shape Shape { get; init; }

    /// <summary>Position in the delegate call's arguments; -1 if it is none.</summary>
    public int Argument { get; init; } = -1;

    /// <summary>The elements of a constant.</summary>
    public byte* Data { get; init; }

    /// <summary>Half or BFloat16 if every element is such a number, although it is stored as a float; else null.</summary>
    public ScalarType? Precision { get; init; }

    /// <summary>How the numbers stand for real ones; null if they are real.</summary>
    public PayloadQuantization? Quantization { get; init; }

    /// <summary>The scale and zero point of a value of Char or Byte.</summary>
    public PayloadQuantization.PerTensor PerTensor => (PayloadQuantization.PerTensor)Quantization!;

    /// <summary>Bytes that the value needs at a shape.</summary>
    public long ByteCount(in Shape shape) => shape.ElementCount * ScalarType.Size();

    public override string ToString() => $"value {PayloadId} {ScalarType.TorchName()} {Shape}";
}
