namespace Tandem.Plugins.Cpu.Graph;

/// <summary>What planning works with and nobody needs afterwards; lies in the memory that activations will lie in.</summary>
internal readonly unsafe struct PlanScratch
{
    /// <summary>The storage of a value; a storage is named by its first value.</summary>
    public readonly int* Storage;

    /// <summary>Bytes from the start of the storage to the value.</summary>
    public readonly long* OffsetInStorage;

    /// <summary>Who holds a storage.</summary>
    public readonly int* Holder;

    /// <summary>The last step that reads a storage.</summary>
    public readonly int* LastUse;

    /// <summary>Bytes.</summary>
    public readonly long* Size;

    /// <summary>Place of a storage in the workspace.</summary>
    public readonly long* Offset;

    /// <summary>Storages by size.</summary>
    public readonly int* Order;

    /// <summary>Storages by place.</summary>
    public readonly int* Placed;

    /// <param name="memory">Memory of <see cref="ByteCount"/>, aligned.</param>
    /// <param name="count">Number of values.</param>
    public PlanScratch(byte* memory, int count)
    {
        OffsetInStorage = (long*)memory;
        Size = OffsetInStorage + count;
        Offset = Size + count;
        Storage = (int*)(Offset + count);
        Holder = Storage + count;
        LastUse = Holder + count;
        Order = LastUse + count;
        Placed = Order + count;
    }

    /// <summary>Bytes for so many values.</summary>
    public static long ByteCount(int count) => (long)count * ((3 * sizeof(long)) + (5 * sizeof(int)));
}
