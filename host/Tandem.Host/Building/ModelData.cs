using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>Makes the bytes of parameters, buffers and constants from what an application has.</summary>
public static class ModelData
{
    /// <summary>Copies elements.</summary>
    /// <typeparam name="T">Type of an element: a .NET number, bool, Half or <see cref="BFloat16"/>.</typeparam>
    /// <param name="elements">The elements, last dimension fastest.</param>
    /// <param name="sizes">Size of each dimension; none for a scalar.</param>
    /// <param name="origin">Where they come from, for messages.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the sizes do not fit the number of elements, or T is no element type.</exception>
    public static ExportedTensor FromElements<T>(ReadOnlySpan<T> elements, ReadOnlySpan<int> sizes, string origin = "memory")
        where T : unmanaged
    {
        var layout = new TensorLayout(TypeOf<T>(), sizes);
        return layout.ElementCount == elements.Length ? FromBytes(layout, MemoryMarshal.AsBytes(elements).ToArray(), origin)
            : throw new TandemException(ErrorCode.ArgumentInvalid, "the sizes do not fit the number of elements", new ErrorDetails
            {
                Location = origin,
                Expected = $"{layout.ElementCount} elements for {layout}",
                Found = $"{elements.Length}",
            });
    }

    /// <summary>Copies a tensor of System.Numerics.Tensors.</summary>
    /// <typeparam name="T">Type of an element.</typeparam>
    /// <param name="tensor">The tensor.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: T is no element type; <see cref="ErrorCode.TensorInvalid"/>: it is too large.</exception>
    public static ExportedTensor FromTensor<T>(Tensor<T> tensor, string origin = "memory")
        where T : unmanaged
    {
        var elements = new T[tensor.FlattenedLength];
        tensor.FlattenTo(elements);
        return FromElements<T>(elements, [.. tensor.Lengths.ToArray().Select(length => checked((int)length))], origin);
    }

    /// <summary>Wraps a tensor of a tensor file.</summary>
    /// <param name="data">The tensor; its bytes are kept, not copied, and must not change.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <returns>The tensor.</returns>
    public static ExportedTensor FromData(TensorData data, string origin = "memory") => FromBytes(data.Layout, data.Bytes, origin);

    /// <summary>All tensors of a .safetensors file. Their bytes stay in the file, which is read when the program is lowered.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Tensors by name.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.TensorFileInvalid"/>.</exception>
    public static IReadOnlyDictionary<string, ExportedTensor> FromSafetensors(string path) => SafetensorsFile.ReadEntries(path)
        .ToImmutableDictionary(entry => entry.Key, entry => new ExportedTensor(SpecOf(entry.Value.Layout), DataContent.FromFile(path, entry.Value.Offset, entry.Value.Layout.ByteCount)));

    internal static TensorSpec SpecOf(TensorLayout layout) => new(layout.ScalarType, [.. layout.Sizes.Select(size => (SymbolicInt)size)], layout.DimOrder);

    private static ExportedTensor FromBytes(TensorLayout layout, ReadOnlyMemory<byte> bytes, string origin) => new(SpecOf(layout), DataContent.FromMemory(bytes, origin));

    private static ScalarType TypeOf<T>() => default(T) switch
    {
        float => ScalarType.Float,
        double => ScalarType.Double,
        Half => ScalarType.Half,
        BFloat16 => ScalarType.BFloat16,
        long => ScalarType.Long,
        int => ScalarType.Int,
        short => ScalarType.Short,
        sbyte => ScalarType.Char,
        byte => ScalarType.Byte,
        bool => ScalarType.Bool,
        ushort => ScalarType.UInt16,
        uint => ScalarType.UInt32,
        ulong => ScalarType.UInt64,
        _ => throw new TandemException(ErrorCode.ArgumentInvalid, "the type is no element type of tensors", new ErrorDetails
        {
            Expected = "a .NET number, bool, Half or BFloat16",
            Found = typeof(T).Name,
        }),
    };
}
