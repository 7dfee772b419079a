using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Llm;

/// <summary>Query, key or value of an attention: rows of head_dim floats, or of int8 with a scale and zero point for each row.</summary>
internal readonly unsafe ref struct AttentionOperand
{
    private readonly TensorView _tensor;
    private readonly TensorView? _zeroPoints;
    private readonly TensorView? _scales;
    private readonly bool _isSequenceThird;

    internal AttentionOperand(TensorView tensor, TensorView? zeroPoints, TensorView? scales, bool isSequenceThird)
    {
        Dims.Check(tensor.Rank == 4 && tensor.IsContiguous, "attention needs contiguous tensors of rank 4");
        (_tensor, _zeroPoints, _scales, _isSequenceThird) = (tensor, zeroPoints, scales, isSequenceThird);
        if (scales is null || zeroPoints is null)
        {
            Dims.Check(tensor.ScalarType.IsFloatingPoint(), "attention needs floats, or int8 with scales and zero points");
            return;
        }

        var rows = Width == 0 ? 0 : tensor.ElementCount / Width;
        Dims.Check(tensor.ScalarType == ScalarType.Char, "quantised attention needs int8");
        Dims.Check(scales.ElementCount == rows && zeroPoints.ElementCount == rows, "there is not one scale and zero point for each row");
    }

    internal int Batches => _tensor.Sizes[0];

    internal int Heads => _tensor.Sizes[_isSequenceThird ? 1 : 2];

    internal int Length => _tensor.Sizes[_isSequenceThird ? 2 : 1];

    internal int Width => _tensor.Sizes[3];

    internal long Row(int batch, int head, int position) => _isSequenceThird
        ? (((long)batch * Heads) + head) * Length + position
        : (((long)batch * Length) + position) * Heads + head;

    /// <summary>The row as floats: in place for float32, otherwise in the scratch memory.</summary>
    internal ReadOnlySpan<float> Load(int batch, int head, int position, Span<float> scratch)
    {
        var row = Row(batch, head, position);
        var first = (byte*)_tensor.Data + (row * Width * _tensor.ElementSize);
        if (_tensor.ScalarType == ScalarType.Float)
        {
            return new ReadOnlySpan<float>(first, Width);
        }

        if (_scales is null || _zeroPoints is null)
        {
            for (var i = 0; i < scratch.Length; i++)
            {
                scratch[i] = (float)Elements.LoadDouble(first + (i * _tensor.ElementSize), _tensor.ScalarType);
            }

            return scratch;
        }

        var scale = (float)Elements.LoadDouble((byte*)_scales.Data + (row * _scales.ElementSize), _scales.ScalarType);
        var zeroPoint = Elements.LoadLong((byte*)_zeroPoints.Data + (row * _zeroPoints.ElementSize), _zeroPoints.ScalarType);
        for (var i = 0; i < scratch.Length; i++)
        {
            scratch[i] = (((sbyte*)first)[i] - zeroPoint) * scale;
        }

        return scratch;
    }
}
