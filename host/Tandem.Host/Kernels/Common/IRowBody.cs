namespace Tandem.Host.Kernels.Common;

/// <summary>The innermost loop of a pointwise kernel: one row of elements at constant byte strides.</summary>
internal unsafe interface IRowBody
{
    /// <summary>Handles a row.</summary>
    /// <param name="pointers">Output first, then the inputs.</param>
    /// <param name="strides">Byte strides of each.</param>
    /// <param name="count">Number of elements.</param>
    void Row(byte** pointers, long* strides, long count);
}
