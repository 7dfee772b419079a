namespace Tandem.Plugins.Cpu.Graph;

/// <summary>What planning works with and nobody needs afterwards: one for all delegates of a session, by value.</summary>
internal sealed class PlanScratch
{
    /// <summary>The storage of a value; a storage is named by its first value.</summary>
    public int[] Storage { get; private set; } = [];

    /// <summary>Bytes from the start of the storage to the value.</summary>
    public long[] OffsetInStorage { get; private set; } = [];

    /// <summary>Who holds a storage.</summary>
    public int[] Holder { get; private set; } = [];

    /// <summary>The last step that reads a storage.</summary>
    public int[] LastUse { get; private set; } = [];

    /// <summary>Bytes.</summary>
    public long[] Size { get; private set; } = [];

    /// <summary>Place of a storage in the workspace.</summary>
    public long[] Offset { get; private set; } = [];

    /// <summary>Storages by size.</summary>
    public int[] Order { get; private set; } = [];

    /// <summary>Storages by place.</summary>
    public int[] Placed { get; private set; } = [];

    /// <summary>Makes room for so many values; when a delegate is made, never when it runs.</summary>
    public void Reserve(int count)
    {
        if (count > Storage.Length)
        {
            (Storage, Holder, LastUse, Order, Placed) = (new int[count], new int[count], new int[count], new int[count], new int[count]);
            (OffsetInStorage, Size, Offset) = (new long[count], new long[count], new long[count]);
        }
    }
}
