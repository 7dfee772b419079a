namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Element-wise arithmetic of codes. A sum is fixed-point: (offset + a * first + b * second) >> shift; a product is a float: (a - zero) * (b - zero) * scale.
/// </summary>
internal struct QuantizedBinaryParameters
{
    public bool IsProduct;

    public bool IsUnsigned;

    public int First;

    public int Second;

    public int Offset;

    public int Shift;

    public int FirstZeroPoint;

    public int SecondZeroPoint;

    public float Scale;

    public int ZeroPoint;

    public int Minimum;

    public int Maximum;
}
