using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>The bytes of an exported tensor as a program holds them: dense, in the dim order of its layout.</summary>
internal static class TensorContent
{
    /// <summary>Gives the bytes of a tensor.</summary>
    /// <param name="tensor">A view of a storage.</param>
    /// <param name="layout">The layout that the program gives it.</param>
    /// <returns>The storage itself where it holds exactly these bytes, otherwise a view of it.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.TensorInvalid"/>.</exception>
    internal static DataContent Of(ExportedTensor tensor, TensorLayout layout)
    {
        var spec = tensor.Spec;
        if (spec.ScalarType != layout.ScalarType || !spec.Sizes.Select(size => size.Value).SequenceEqual(layout.Sizes.Select(size => (long)size)))
        {
            throw new TandemException(ErrorCode.TensorInvalid, "a tensor is not what its graph says",
                new ErrorDetails { File = tensor.Storage.Origin, Expected = layout.ToString(), Found = spec.ToString() });
        }

        var strides = new long[spec.Rank];
        if (spec.Strides.IsDefault)
        {
            long step = 1;
            for (var i = strides.Length - 1; i >= 0; i--)
            {
                strides[spec.DimOrder[i]] = step;
                step *= Math.Max(spec.Sizes[spec.DimOrder[i]].Value, 1);
            }
        }
        else
        {
            for (var i = 0; i < strides.Length; i++)
            {
                strides[i] = spec.Strides[i].Value;
            }
        }

        var offset = spec.StorageOffset.Value;
        if (!IsDense(layout, strides))
        {
            return new StridedContent(tensor.Storage, layout, strides, offset);
        }

        var start = checked(offset * layout.ScalarType.Size());
        if (start == 0 && layout.ByteCount == tensor.Storage.Length)
        {
            return tensor.Storage;
        }

        return start >= 0 && start <= tensor.Storage.Length - layout.ByteCount ? new SlicedContent(tensor.Storage, start, layout.ByteCount)
            : throw new TandemException(ErrorCode.TensorInvalid, "a view lies outside its storage",
                new ErrorDetails { File = tensor.Storage.Origin, Expected = $"within {tensor.Storage.Length} bytes", Found = $"{layout} at byte {start}" });
    }

    // Whether the view's elements lie in the order of the layout; strides of dimensions of size 1 do not matter.
    private static bool IsDense(TensorLayout layout, long[] strides)
    {
        if (layout.ElementCount == 0)
        {
            return true;
        }

        long step = 1;
        for (var i = strides.Length - 1; i >= 0; i--)
        {
            var dimension = layout.DimOrder[i];
            if (layout.Sizes[dimension] != 1 && strides[dimension] != step)
            {
                return false;
            }

            step *= layout.Sizes[dimension];
        }

        return true;
    }
}
