namespace Tandem.Sdk;

/// <summary>A list of integers whose items are other values of the same table, as the .pte format stores them.</summary>
/// <param name="valueIndices">For each item the index of the Int value that holds it.</param>
public sealed class EValueIntList(int[] valueIndices)
{
    private readonly long[] _items = new long[valueIndices.Length];

    /// <summary>Number of items.</summary>
    public int Count => valueIndices.Length;

    /// <summary>Reads the items from the value table; allocates nothing.</summary>
    /// <param name="values">The method's value table.</param>
    /// <returns>The items; overwritten by the next read of the same list.</returns>
    public ReadOnlySpan<long> Read(ReadOnlySpan<EValue> values)
    {
        for (var i = 0; i < valueIndices.Length; i++)
        {
            _items[i] = values[valueIndices[i]].AsInt();
        }

        return _items;
    }
}
