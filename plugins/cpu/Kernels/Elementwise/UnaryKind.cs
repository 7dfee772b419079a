namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Element-wise functions of one tensor. The parameters a and b are what the comment says, else unused.</summary>
internal enum UnaryKind
{
    Abs,
    Negate,
    Square,
    SquareRoot,
    ReciprocalSquareRoot,
    Exp,
    Log,
    Sin,
    Cos,
    Tanh,
    Sigmoid,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>The exact form, with erf.</summary>
    Gelu,
    Hardswish,
    Floor,
    Ceiling,

    /// <summary>Slope a below 0.</summary>
    LeakyRelu,

    /// <summary>a (e^x - 1) below 0.</summary>
    Elu,

    /// <summary>Between a and b.</summary>
    Clamp,

    /// <summary>To the nearest half precision number, as a float.</summary>
    RoundToHalf,

    /// <summary>To the nearest bfloat16 number, as a float.</summary>
    RoundToBFloat16,
}
