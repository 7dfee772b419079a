using Tandem.Sdk;

namespace Tandem.Host.Import.Pickles;

/// <summary>The names that a pickle may use, and what a call of each means.</summary>
internal static class PickleCalls
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "collections.OrderedDict",
        "torch.Size",
        "torch.device",
        "torch._tensor._rebuild_from_type_v2",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_wrapper_subclass",
        "torch.nn.parameter.Parameter",
        "torch.nn.parameter.Buffer",
        "torch.serialization._get_layout",
        "torch.storage.UntypedStorage",
        "torch.storage.TypedStorage",
        "torch.Tensor",
    };

    /// <summary>Whether a pickle may use a name. Names of torchao are types of tensors and facts about them: they stay names.</summary>
    internal static bool IsAllowed(string name) => Names.Contains(name) || name.StartsWith("torchao.", StringComparison.Ordinal)
        || PickleTypes.IsDataType(name) || PickleTypes.FindStorage(name) is not null;

    /// <summary>A persistent id: ('storage', class, key, device, number of elements).</summary>
    internal static PickleStorage LoadStorage(object? id) => id is object?[] and ["storage", PickleGlobal type, string key, string, long]
        && (type.Name is "torch.storage.UntypedStorage" || PickleTypes.FindStorage(type.Name) is not null)
        ? new PickleStorage(type.Name, key) : throw Invalid("a storage is described in an unknown way");

    /// <summary>A call.</summary>
    internal static object Reduce(PickleGlobal function, object?[] arguments)
    {
        switch (function.Name)
        {
            case "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2" when arguments is [PickleStorage storage, long offset, object?[] sizes, object?[] strides, ..]:
                return new PickleTensor(storage, null, offset, Integers(sizes), Integers(strides));
            case "torch._utils._rebuild_tensor_v3" when arguments is [PickleStorage storage, long offset, object?[] sizes, object?[] strides, _, _, PickleGlobal type, ..]:
                return new PickleTensor(storage, type.Name, offset, Integers(sizes), Integers(strides));
            case "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state" when arguments is [(PickleTensor or PickleSubclass) and var data, ..]:
                return data;
            case "torch._tensor._rebuild_from_type_v2" when arguments is [PickleGlobal rebuild, PickleGlobal type, object?[] inner, var state]:
                return rebuild.Name == "torch._utils._rebuild_wrapper_subclass"
                    ? state is PickleDictionary attributes ? new PickleSubclass(type.Name, attributes) : throw Invalid("a tensor subclass has no state")
                    : rebuild.Name.StartsWith("torch._utils._rebuild_", StringComparison.Ordinal) ? Reduce(rebuild, inner)
                    : throw Invalid("a tensor is rebuilt in an unknown way");
            case "collections.OrderedDict" when arguments is []:
                return new PickleDictionary();
            case "torch.Size" when arguments is [object?[] sizes]:
                return sizes;
            case "torch.device" when arguments is [string device, ..]:
                return device;
            case "torch.serialization._get_layout" when arguments is [string layout]:
                return layout;
            case var name when name.StartsWith("torchao.", StringComparison.Ordinal):
                return new PickleOpaque(name);
            default:
                throw Invalid("a pickle calls a name in an unknown way", function.Name);
        }
    }

    // The rank is checked before anything is made of the sizes: a pickle may use one long tuple often.
    private static long[] Integers(object?[] items) => items.Length > TensorLayout.MaxRank ? throw Invalid("a tensor has too many dimensions", $"{items.Length}") : [.. items.Select(item => item is long value ? value : throw Invalid("a size or stride is no integer"))];

    private static TandemException Invalid(string problem, string? found = null) =>
        new(ErrorCode.ArchiveInvalid, problem, new ErrorDetails { Found = found, NextStep = "export the model again" });
}
