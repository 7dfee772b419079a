namespace Tandem.Sdk;

/// <summary>A list of integers whose items are other values of the same table, as the .pte format stores them.</summary>
public sealed class EValueIntList
{
    private readonly int[] _valueIndices;
    private readonly long[] _items;

    /// <summary>Creates a list of values.</summary>
    /// <param name="valueIndices">For each item the index of the Int value that holds it.</param>
    public EValueIntList(int[] valueIndices)
        : this(valueIndices, new long[valueIndices.Length])
    {
    }

    private EValueIntList(int[] valueIndices, long[] items)
    {
        _valueIndices = valueIndices;
        _items = items;
    }

    /// <summary>Number of items.</summary>
    public int Count => _items.Length;

    /// <summary>Creates a list whose items never change; any number of threads may read it at the same time.</summary>
    /// <param name="items">The items; not copied.</param>
    /// <returns>The list.</returns>
    public static EValueIntList FromConstants(long[] items) => new([], items);

    /// <summary>Reads the items from the value table; allocates nothing.</summary>
    /// <param name="values">The method's value table.</param>
    /// <returns>The items; overwritten by the next read of the same list.</returns>
    public ReadOnlySpan<long> Read(ReadOnlySpan<EValue> values)
    {
        for (var i = 0; i < _valueIndices.Length; i++)
        {
            _items[i] = values[_valueIndices[i]].AsInt();
        }

        return _items;
    }
}
