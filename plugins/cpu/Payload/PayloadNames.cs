namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Names of kinds and element types without reflection, which would be a large part of a short load.</summary>
internal static class PayloadNames
{
    private static readonly string[] s_kinds =
    [
        "None", "Add", "FullyConnected", "Softmax", "Sigmoid", "StaticTranspose", "Clamp", "Conv2d", "Div", "StaticResizeBilinear2D",
        "StaticConstantPad", "AvgPooling2d", "Minimum", "DepthwiseConv2d", "MaxPooling2d", "Multiply", "Subtract", "Floor", "Convert",
        "GlobalAvgPooling2d", "StaticReshape", "ArgMaxPooling2d", "SquareRoot", "Ceiling", "Hardswish", "LeakyReLU", "Maximum", "Negate",
        "Square", "ELU", "Abs", "PReLU", "Concatenate2", "Concatenate3", "Concatenate4", "StaticSlice", "ScaledDotProductAttention",
        "BatchMatrixMultiply", "Concatenate5", "ConvTranspose2d", "ReciprocalSquareRoot", "Log", "Gelu", "Tanh", "Exp", "Sin", "Copy", "Cos",
    ];

    private static readonly string[] s_datatypes =
    [
        "invalid", "fp32", "fp16", "qint8", "quint8", "qint32", "qcint8", "qcint32", "qcint4", "qdint8", "qbint4", "qpint8", "int32", "pfp32", "bf16",
    ];

    /// <summary>The payload's name of an operation.</summary>
    public static string Of(PayloadNodeKind kind) => (int)kind < s_kinds.Length ? s_kinds[(int)kind] : $"kind {(int)kind}";

    /// <summary>The payload's name of an element type.</summary>
    public static string Of(PayloadDatatype datatype) => (uint)datatype < (uint)s_datatypes.Length ? s_datatypes[(int)datatype] : $"datatype {(int)datatype}";
}
