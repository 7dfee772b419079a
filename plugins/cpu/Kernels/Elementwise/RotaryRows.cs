namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Rows that <see cref="RotaryKernel"/> rotates; steps from a row to the next in elements.</summary>
internal unsafe struct RotaryRows
{
    /// <summary>First row, twice <see cref="Half"/> elements long.</summary>
    public float* X;

    public nint XStep;

    /// <summary>Factors of the first half for the first half of the result.</summary>
    public float* FirstOfFirst;

    /// <summary>Factors of the second half for the first half of the result.</summary>
    public float* SecondOfFirst;

    /// <summary>Factors of the second half for the second half of the result.</summary>
    public float* SecondOfSecond;

    /// <summary>Factors of the first half for the second half of the result.</summary>
    public float* FirstOfSecond;

    /// <summary>0 if the rows have the same factors.</summary>
    public nint FactorStep;

    /// <summary>First row of the result; it and X are different memory.</summary>
    public float* Y;

    public nint YStep;

    /// <summary>Number of rows.</summary>
    public nint Count;

    /// <summary>Elements of half a row.</summary>
    public nint Half;
}
