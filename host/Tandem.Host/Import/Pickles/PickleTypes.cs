using Tandem.Sdk;

namespace Tandem.Host.Import.Pickles;

/// <summary>Element types under the names that pickles use.</summary>
internal static class PickleTypes
{
    private static readonly Dictionary<string, ScalarType> DataTypes = Enum.GetValues<ScalarType>()
        .Where(type => type is not (ScalarType.QUInt4x2 or ScalarType.QUInt2x4))
        .ToDictionary(type => $"torch.{type.TorchName()}", StringComparer.Ordinal);

    /// <summary>Facts about quantised tensors, which have no bytes of such a type.</summary>
    private static readonly HashSet<string> NarrowTypes = [.. Enumerable.Range(1, 7).SelectMany(bits => (string[])[$"torch.int{bits}", $"torch.uint{bits}"])];

    /// <summary>Whether the name is one of an element type, those narrower than a byte included.</summary>
    internal static bool IsDataType(string name) => DataTypes.ContainsKey(name) || NarrowTypes.Contains(name);

    /// <summary>"torch.float32"; null if it is none that has bytes.</summary>
    internal static ScalarType? FindDataType(string name) => DataTypes.TryGetValue(name, out var type) ? type : null;

    /// <summary>The element type of a storage's class, "torch.FloatStorage"; null if it is none.</summary>
    internal static ScalarType? FindStorage(string name) => name switch
    {
        "torch.ByteStorage" => ScalarType.Byte,
        "torch.CharStorage" => ScalarType.Char,
        "torch.ShortStorage" => ScalarType.Short,
        "torch.IntStorage" => ScalarType.Int,
        "torch.LongStorage" => ScalarType.Long,
        "torch.HalfStorage" => ScalarType.Half,
        "torch.FloatStorage" => ScalarType.Float,
        "torch.DoubleStorage" => ScalarType.Double,
        "torch.ComplexFloatStorage" => ScalarType.ComplexFloat,
        "torch.ComplexDoubleStorage" => ScalarType.ComplexDouble,
        "torch.BoolStorage" => ScalarType.Bool,
        "torch.BFloat16Storage" => ScalarType.BFloat16,
        _ => null,
    };
}
