using Tandem.Sdk;
using static TorchSharp.torch;
using ScalarType = Tandem.Sdk.ScalarType;

namespace Tandem.LibtorchOracle;

/// <summary>Compares an output with libtorch's: element type, sizes, then every element.</summary>
internal static class Comparison
{
    /// <summary>The first difference in words, or null. NaN equals NaN, an infinity only itself; integers and truth values have no tolerance.</summary>
    public static string? Difference(TensorView ours, Tensor theirs, double tolerance)
    {
        if ((int)ours.ScalarType != (int)theirs.dtype)
        {
            return $"is {ours.ScalarType.TorchName()}, not {theirs.dtype}";
        }

        if (!ours.Sizes.SequenceEqual([.. theirs.shape.Select(size => (int)size)]))
        {
            return $"has sizes [{string.Join(", ", ours.Sizes.ToArray())}], not [{string.Join(", ", theirs.shape)}]";
        }

        if (!ours.IsContiguous)
        {
            return $"is not row-major: {ours}";
        }

        // The accessor of TorchSharp does not read a tensor without elements.
        var expected = theirs.numel() == 0 ? [] : theirs.to_type(TorchSharp.torch.ScalarType.Float64).contiguous().data<double>().ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            var found = Element(ours, i);
            var isEqual = found.Equals(expected[i]) || found == expected[i];
            if (!isEqual && (ours.ScalarType != ScalarType.Float || !(Math.Abs(found - expected[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])))
                || !double.IsFinite(expected[i])))
            {
                return $"element {i} is {found:R}, not {expected[i]:R}";
            }
        }

        return null;
    }

    private static double Element(TensorView tensor, int index) => tensor.ScalarType switch
    {
        ScalarType.Float => tensor.AsReadOnlySpan<float>()[index],
        ScalarType.Int => tensor.AsReadOnlySpan<int>()[index],
        ScalarType.Long => tensor.AsReadOnlySpan<long>()[index],
        ScalarType.Bool => tensor.AsReadOnlySpan<bool>()[index] ? 1 : 0,
        ScalarType.Double => tensor.AsReadOnlySpan<double>()[index],
        _ => throw new NotSupportedException($"no case has outputs of {tensor.ScalarType.TorchName()}"),
    };
}
