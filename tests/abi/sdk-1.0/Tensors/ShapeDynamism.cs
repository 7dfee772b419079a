namespace Tandem.Sdk;

/// <summary>How a tensor's shape may change at run time (ExecuTorch's TensorShapeDynamism).</summary>
public enum ShapeDynamism : byte
{
    /// <summary>The shape never changes.</summary>
    Static = 0,

    /// <summary>The shape may change; the element count never exceeds the one of the file.</summary>
    DynamicBound = 1,
}
