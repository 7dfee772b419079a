using Tandem.Host.Formats.Model;

namespace Tandem.Host.Lowering.Emission;

/// <summary>The memory behind tensors of a method. Tensors that share memory, as views and in-place results do, have one storage after <see cref="Unite"/>.</summary>
internal sealed class TensorStorage(StorageKind kind, long byteCount)
{
    private TensorStorage? _into;
    private StorageKind _kind = kind;
    private long _byteCount = byteCount;
    private int _dataIndex;
    private string? _name;
    private int _memoryId;
    private long _offset;

    /// <summary>The storage that this one has become part of, or itself.</summary>
    internal TensorStorage Root
    {
        get
        {
            var root = this;
            while (root._into is { } next)
            {
                root = next;
            }

            return root;
        }
    }

    internal StorageKind Kind => Root._kind;

    internal long ByteCount => Root._byteCount;

    /// <summary>For a constant or first contents: its index in the program. For anything else 0.</summary>
    internal int DataIndex
    {
        get => Root._dataIndex;
        init => _dataIndex = value;
    }

    /// <summary>Qualified name of a buffer or external constant.</summary>
    internal string? Name
    {
        get => Root._name;
        init => _name = value;
    }

    /// <summary>Memory id that the planner gave; 0 for what is not planned.</summary>
    internal int MemoryId => Root._memoryId;

    /// <summary>Offset that the planner gave.</summary>
    internal long Offset => Root._offset;

    /// <summary>Whether the storage gets planned memory.</summary>
    internal bool IsPlanned => Kind is not (StorageKind.Constant or StorageKind.ExternalConstant);

    /// <summary>How a file calls the storage.</summary>
    internal TensorStorageKind ModelKind => Kind switch
    {
        StorageKind.Constant => TensorStorageKind.Constant,
        StorageKind.ExternalConstant => TensorStorageKind.ExternalConstant,
        _ => DataIndex > 0 ? TensorStorageKind.PlannedInitialised : TensorStorageKind.Planned,
    };

    /// <summary>Makes two storages one; a state, input or output stays what it is.</summary>
    internal static void Unite(TensorStorage left, TensorStorage right)
    {
        var (keep, drop) = (left.Root, right.Root);
        if (ReferenceEquals(keep, drop))
        {
            return;
        }

        if (drop._kind > keep._kind)
        {
            (keep, drop) = (drop, keep);
        }

        keep._byteCount = Math.Max(keep._byteCount, drop._byteCount);
        drop._into = keep;
    }

    /// <summary>Turns an intermediate into an output.</summary>
    internal void MarkOutput()
    {
        if (Root._kind == StorageKind.Intermediate)
        {
            Root._kind = StorageKind.Output;
        }
    }

    internal void Place(int memoryId, long offset) => (Root._memoryId, Root._offset) = (memoryId, offset);
}
