using System.Numerics.Tensors;

namespace Tandem.Host.Kernels.Reduction;

/// <summary>Softmax of one dense row of floats.</summary>
internal static class SoftmaxRow
{
    /// <summary>exp(x - max) / sum. A row whose greatest element is minus infinity or NaN gives NaN, as in PyTorch.</summary>
    internal static void Run(ReadOnlySpan<float> source, Span<float> target)
    {
        if (source.IsEmpty)
        {
            return;
        }

        TensorPrimitives.Subtract(source, TensorPrimitives.Max(source), target);
        TensorPrimitives.Exp(target, target);
        TensorPrimitives.Divide(target, TensorPrimitives.Sum<float>(target), target);
    }
}
