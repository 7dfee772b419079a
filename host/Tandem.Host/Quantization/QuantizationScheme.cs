namespace Tandem.Host.Quantization;

/// <summary>How a linear layer is quantised: what its activations and its weight become.</summary>
public enum QuantizationScheme
{
    /// <summary>
    /// 8da4w: activations int8, asymmetric, one scale and zero point for each row, chosen while the program runs; weights int4 from -8 to 7, symmetric, one
    /// scale for each group of a row.
    /// </summary>
    Int8DynamicActivationInt4Weight,

    /// <summary>8da8w: activations likewise; weights int8 from -127 to 127, symmetric, one scale for each row.</summary>
    Int8DynamicActivationInt8Weight,
}
