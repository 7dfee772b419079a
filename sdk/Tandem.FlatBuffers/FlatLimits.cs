using Tandem.Sdk;

namespace Tandem.FlatBuffers;

/// <summary>
/// Counts what is read from one buffer, so that a hostile buffer whose tables, vectors and strings overlap cannot make a reader take more time or
/// memory than a small multiple of the buffer.
/// </summary>
/// <remarks>Threading: one reader on one thread.</remarks>
public sealed class FlatLimits
{
    // What a table costs when it becomes an object; a vector's items at most double in size.
    private const int TableCost = 96;
    private const int ByteCost = 2;
    private const long Allowance = 8 << 20;

    private readonly long _maxCost;
    private readonly int _maxTables;
    private int _tables;
    private long _cost;

    /// <summary>Creates limits for one buffer.</summary>
    /// <param name="bufferLength">Length of the buffer: what is read from it may cost twice as many bytes and 8 MiB.</param>
    /// <param name="maxTables">Most tables.</param>
    public FlatLimits(int bufferLength, int maxTables = 1_000_000)
    {
        _maxCost = (2L * bufferLength) + Allowance;
        _maxTables = maxTables;
    }

    internal void CountTable(int position)
    {
        _cost += TableCost;
        if (++_tables > _maxTables || _cost > _maxCost)
        {
            throw FlatTable.Invalid("the buffer holds too many tables", position, $"at most {_maxTables} tables and {_maxCost} bytes of content", $"{_tables} tables");
        }
    }

    internal void CountBytes(long bytes, int position)
    {
        _cost += bytes * ByteCost;
        if (_cost > _maxCost)
        {
            throw FlatTable.Invalid("vectors and strings overlap: together they are longer than the buffer", position, $"at most {_maxCost} bytes", $"{_cost}");
        }
    }
}
