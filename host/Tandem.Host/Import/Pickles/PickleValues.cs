namespace Tandem.Host.Import.Pickles;

/// <summary>A name of Python that a pickle refers to. It is looked at, never called.</summary>
/// <param name="Name">Module and name: "torch._utils._rebuild_tensor_v2".</param>
internal sealed record PickleGlobal(string Name);

/// <summary>A mark on the stack.</summary>
internal sealed class PickleMark
{
    internal static readonly PickleMark Instance = new();

    private PickleMark()
    {
    }
}

/// <summary>A list.</summary>
internal sealed class PickleList
{
    internal List<object?> Items { get; } = [];
}

/// <summary>A dictionary, in order of insertion; keys are strings.</summary>
internal sealed class PickleDictionary
{
    internal Dictionary<string, object?> Items { get; } = new(StringComparer.Ordinal);
}

/// <summary>A storage of the archive around the pickle.</summary>
/// <param name="Type">Its class ("torch.FloatStorage").</param>
/// <param name="Key">Its member's name below data/.</param>
internal sealed record PickleStorage(string Type, string Key);

/// <summary>A tensor: a view on a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="DataType">Element type by its name ("torch.float32"); null if the storage's class says it.</param>
/// <param name="Offset">First element.</param>
/// <param name="Sizes">Sizes.</param>
/// <param name="Strides">Strides in elements.</param>
internal sealed record PickleTensor(PickleStorage Storage, string? DataType, long Offset, long[] Sizes, long[] Strides);

/// <summary>A tensor of a class of its own, that holds other tensors.</summary>
/// <param name="Type">The class ("torchao.quantization.IntxUnpackedToInt8Tensor").</param>
/// <param name="State">Its attributes: tensors, and facts about them.</param>
internal sealed record PickleSubclass(string Type, PickleDictionary State);

/// <summary>An object of a class that is kept as a name with its arguments: an enumeration's member, a layout.</summary>
/// <param name="Type">The class.</param>
internal sealed record PickleOpaque(string Type);
