namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Kinds of element types that an operand of a node may have.</summary>
[Flags]
internal enum ValueTypes
{
    /// <summary>fp32, fp16 and bf16; floats inside the graph.</summary>
    Float = 1,

    /// <summary>int32.</summary>
    Int = 2,

    /// <summary>qint8 and quint8 with one scale and zero point.</summary>
    Quantized = 4,
}
