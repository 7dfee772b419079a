namespace Tandem.Sdk;

/// <summary>What a value of a program holds (ExecuTorch's EValue tags).</summary>
public enum EValueKind : byte
{
    /// <summary>Nothing: an optional argument that is absent.</summary>
    None,

    /// <summary>A 64 bit integer.</summary>
    Int,

    /// <summary>A truth value.</summary>
    Bool,

    /// <summary>A 64 bit float.</summary>
    Double,

    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>A string.</summary>
    String,

    /// <summary>A list of integers, each taken from another value when it is read.</summary>
    IntList,

    /// <summary>A list of floats.</summary>
    DoubleList,

    /// <summary>A list of truth values.</summary>
    BoolList,

    /// <summary>A list of tensors.</summary>
    TensorList,

    /// <summary>A list of tensors of which some may be absent.</summary>
    OptionalTensorList,
}
