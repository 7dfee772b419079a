namespace Tandem.Sdk;

/// <summary>A list of tensors whose items are other values of the same table, as the .pte format stores them.</summary>
/// <param name="valueIndices">For each item the index of the Tensor value, or -1 for an absent one.</param>
/// <param name="isOptional">Whether items may be absent.</param>
public sealed class EValueTensorList(int[] valueIndices, bool isOptional)
{
    private readonly TensorView?[] _items = new TensorView?[valueIndices.Length];

    /// <summary>Number of items.</summary>
    public int Count => valueIndices.Length;

    /// <summary>Whether items may be absent.</summary>
    public bool IsOptional => isOptional;

    /// <summary>Reads the items from the value table; allocates nothing.</summary>
    /// <param name="values">The method's value table.</param>
    /// <returns>The items; overwritten by the next read of the same list.</returns>
    public ReadOnlySpan<TensorView?> Read(ReadOnlySpan<EValue> values)
    {
        for (var i = 0; i < valueIndices.Length; i++)
        {
            var index = valueIndices[i];
            _items[i] = index < 0 || (isOptional && values[index].IsNone) ? null : values[index].AsTensor();
        }

        return _items;
    }
}
