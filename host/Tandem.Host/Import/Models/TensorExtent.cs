using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Checks that a tensor lies inside its storage.</summary>
internal static class TensorExtent
{
    internal static void Check(TensorSpec spec, DataContent storage)
    {
        Int128 last = 0;
        Int128 dense = 1;
        var isEmpty = false;
        for (var i = spec.Rank - 1; i >= 0; i--)
        {
            // Bytes are there for one size only.
            var dim = spec.Strides.IsDefault ? spec.DimOrder[i] : i;
            var (size, stride) = (Constant(spec.Sizes[dim]), spec.Strides.IsDefault ? dense : Constant(spec.Strides[dim]));
            isEmpty |= size == 0;
            last += (size - 1) * stride;
            dense *= Int128.Max(size, 1);
            if (Int128.Abs(last) > long.MaxValue || dense > long.MaxValue)
            {
                throw Outside($"more than {long.MaxValue} elements");
            }
        }

        var offset = Constant(spec.StorageOffset);
        if (!isEmpty && (last + offset + 1) * spec.ScalarType.Size() is var end && end > storage.Length)
        {
            throw Outside($"{end} bytes");
        }

        TandemException Outside(string found) => new(ErrorCode.TensorInvalid, "the tensor reaches over the end of its storage", new ErrorDetails
        {
            Expected = $"within the {storage.Length} bytes of {storage.Origin}",
            Found = $"{spec}, {found}",
            NextStep = storage.Length == 0 ? "export the model with real weights, not fake tensors" : null,
        });

        static long Constant(SymbolicInt value) => value.IsConstant ? value.Value
            : throw new TandemException(ErrorCode.TensorInvalid, "a tensor with bytes has a symbolic size", new ErrorDetails { Found = value.ToString() });
    }
}
