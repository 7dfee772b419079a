using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Constants;

/// <summary>A tensor that is known ahead of time: a strided view on content that is read only when the payload needs its bytes.</summary>
/// <remarks>Immutable. Views cost nothing; a weight that is needed in the order in which it is stored is never copied.</remarks>
internal sealed class ConstantTensor
{
    private readonly DataContent _content;
    private readonly long[] _strides;
    private readonly long _offset;

    private ConstantTensor(DataContent content, ScalarType type, int[] sizes, long[] strides, long offset)
    {
        (_content, Type, Sizes, _strides, _offset) = (content, type, sizes, strides, offset);
    }

    /// <summary>Element type.</summary>
    public ScalarType Type { get; }

    /// <summary>Where the bytes come from, for messages.</summary>
    public string Origin => _content.Origin;

    /// <summary>Sizes, outermost first.</summary>
    public int[] Sizes { get; }

    public int Rank => Sizes.Length;

    public long ElementCount => Count(Sizes);

    /// <summary>Whether the elements lie one after the other in the order of the dimensions.</summary>
    public bool IsDense
    {
        get
        {
            long expected = 1;
            for (var i = Rank - 1; i >= 0; i--)
            {
                if (Sizes[i] != 1 && _strides[i] != expected)
                {
                    return false;
                }

                expected *= Sizes[i];
            }

            return true;
        }
    }

    /// <summary>Equal for tensors that are the same view on the same content; distinguishes all others.</summary>
    public ConstantIdentity Identity =>
        new(_content, $"{(int)Type} {_offset} {string.Join(',', Sizes)} {string.Join(',', _strides)}");

    /// <summary>Wraps a tensor of the program.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <returns>The constant.</returns>
    public static ConstantTensor From(ExportedTensor tensor)
    {
        var spec = tensor.Spec;
        var sizes = new int[spec.Rank];
        var strides = new long[spec.Rank];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = checked((int)spec.Sizes[i].Value);
        }

        if (spec.Strides.IsDefault)
        {
            long stride = 1;
            for (var i = sizes.Length - 1; i >= 0; i--)
            {
                strides[spec.DimOrder[i]] = stride;
                stride *= sizes[spec.DimOrder[i]];
            }
        }
        else
        {
            for (var i = 0; i < sizes.Length; i++)
            {
                strides[i] = spec.Strides[i].Value;
            }
        }

        return new ConstantTensor(tensor.Storage, spec.ScalarType, sizes, strides, spec.StorageOffset.Value);
    }

    /// <summary>A tensor whose elements are all equal.</summary>
    public static ConstantTensor Fill(double value, ScalarType type, params int[] sizes)
    {
        var element = type is ScalarType.Float or ScalarType.Half ? Element(value, type) : throw new LoweringRefusal($"a number beside elements of {type.TorchName()}");
        var content = DataContent.FromMemory(element, $"the number {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
        return new ConstantTensor(content, type, sizes, new long[sizes.Length], 0);
    }

    /// <summary>A tensor that is computed when its bytes are needed.</summary>
    /// <param name="origin">What it is, for messages.</param>
    /// <param name="type">Element type of the result.</param>
    /// <param name="sizes">Sizes of the result.</param>
    /// <param name="compute">Gives its elements in order.</param>
    public static ConstantTensor Compute(string origin, ScalarType type, int[] sizes, Func<float[]> compute)
    {
        var length = Count(sizes) * type.Size();
        return new ConstantTensor(new ComputedContent(length, origin, () => ToBytes(compute(), type)), type, sizes, DenseStrides(sizes), 0);
    }

    /// <summary>A tensor whose bytes are computed when they are needed.</summary>
    /// <param name="origin">What it is, for messages.</param>
    /// <param name="type">Element type.</param>
    /// <param name="sizes">Sizes.</param>
    /// <param name="compute">Gives the bytes of its elements in order.</param>
    public static ConstantTensor ComputeBytes(string origin, ScalarType type, int[] sizes, Func<byte[]> compute) =>
        new(new ComputedContent(Count(sizes) * type.Size(), origin, compute), type, sizes, DenseStrides(sizes), 0);

    /// <summary>A tensor of given bytes.</summary>
    public static ConstantTensor Of(ScalarType type, byte[] bytes, int[] sizes) =>
        new(DataContent.FromMemory(bytes, "numbers of an operator"), type, sizes, DenseStrides(sizes), 0);

    /// <summary>The dimensions in another order: dimension i of the result is dimension order[i].</summary>
    public ConstantTensor Permute(ReadOnlySpan<int> order)
    {
        var sizes = new int[order.Length];
        var strides = new long[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            (sizes[i], strides[i]) = (Sizes[order[i]], _strides[order[i]]);
        }

        return new ConstantTensor(_content, Type, sizes, strides, _offset);
    }

    /// <summary>Part of a dimension.</summary>
    public ConstantTensor Slice(int dimension, long start, int size, long step = 1)
    {
        var (sizes, strides) = ((int[])Sizes.Clone(), (long[])_strides.Clone());
        sizes[dimension] = size;
        strides[dimension] *= step;
        return new ConstantTensor(_content, Type, sizes, strides, _offset + (start * _strides[dimension]));
    }

    /// <summary>The same elements, repeated where a dimension of size 1, or an absent leading one, becomes larger.</summary>
    public ConstantTensor Expand(int[] sizes)
    {
        var strides = new long[sizes.Length];
        for (var i = 0; i < Rank; i++)
        {
            var target = sizes.Length - Rank + i;
            strides[target] = Sizes[i] == sizes[target] ? _strides[i] : 0;
        }

        return new ConstantTensor(_content, Type, sizes, strides, _offset);
    }

    /// <summary>The same elements in the same order under other sizes of equal product.</summary>
    public ConstantTensor Reshape(int[] sizes)
    {
        // Dimensions of size 1 come and go without a copy, whatever the strides.
        if (Sizes.Where(size => size != 1).SequenceEqual(sizes.Where(size => size != 1)))
        {
            var kept = new Queue<long>(_strides.Where((_, i) => Sizes[i] != 1));
            return new ConstantTensor(_content, Type, sizes, [.. sizes.Select(size => size == 1 ? 0 : kept.Dequeue())], _offset);
        }

        return IsDense ? new ConstantTensor(_content, Type, sizes, DenseStrides(sizes), _offset)
            : new ConstantTensor(ToContent(), Type, sizes, DenseStrides(sizes), 0);
    }

    /// <summary>The elements in another element type.</summary>
    public ConstantTensor To(ScalarType type) => type == Type ? this
        : Compute(_content.Origin, type, Sizes, ReadFloats);

    /// <summary>The bytes of all elements in the order of the dimensions: the content itself if it is that already.</summary>
    public DataContent ToContent()
    {
        var size = Type.Size();
        var length = ElementCount * size;
        return !IsDense ? new ComputedContent(length, _content.Origin, Gather)
            : _offset == 0 && length == _content.Length ? _content
            : new ContentSlice(_content, _offset * size, length);
    }

    /// <summary>All elements in order, as floats.</summary>
    public float[] ReadFloats()
    {
        var bytes = ReadBytes();
        return Type switch
        {
            ScalarType.Float => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            ScalarType.Half => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), static half => (float)half),
            ScalarType.BFloat16 => Array.ConvertAll(
                MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), static bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
            ScalarType.Double => Array.ConvertAll(MemoryMarshal.Cast<byte, double>(bytes).ToArray(), static value => (float)value),
            _ => throw new LoweringRefusal($"{Type.TorchName()} where numbers of floating point are needed"),
        };
    }

    /// <summary>All elements in order, as integers.</summary>
    public long[] ReadIntegers()
    {
        var bytes = ReadBytes();
        return Type switch
        {
            ScalarType.Char => Array.ConvertAll(bytes, static value => (long)(sbyte)value),
            ScalarType.Byte => Array.ConvertAll(bytes, static value => (long)value),
            ScalarType.Short => Array.ConvertAll(MemoryMarshal.Cast<byte, short>(bytes).ToArray(), static value => (long)value),
            ScalarType.Int => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(bytes).ToArray(), static value => (long)value),
            ScalarType.Long => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            _ => throw new LoweringRefusal($"{Type.TorchName()} where integers are needed"),
        };
    }

    /// <summary>The bytes of all elements in the order of the dimensions.</summary>
    public byte[] ReadBytes()
    {
        if (!IsDense)
        {
            return Gather();
        }

        var bytes = new byte[ElementCount * Type.Size()];
        _content.Read(_offset * Type.Size(), bytes);
        return bytes;
    }

    private static byte[] Element(double value, ScalarType type)
    {
        var bytes = new byte[type.Size()];
        if (type == ScalarType.Half)
        {
            BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value);
        }
        else
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
        }

        return bytes;
    }

    private static byte[] ToBytes(float[] values, ScalarType type) => type == ScalarType.Half
        ? MemoryMarshal.AsBytes(Array.ConvertAll(values, static value => (Half)value).AsSpan()).ToArray()
        : MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static long Count(int[] sizes) => sizes.Aggregate(1L, static (count, size) => count * size);

    private static long[] DenseStrides(int[] sizes)
    {
        var strides = new long[sizes.Length];
        long stride = 1;
        for (var i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= sizes[i];
        }

        return strides;
    }

    private byte[] Gather()
    {
        var size = Type.Size();
        var result = new byte[ElementCount * size];
        if (result.Length == 0)
        {
            return result;
        }

        // Only the part of the storage that the view touches is read.
        long reach = 0;
        for (var i = 0; i < Rank; i++)
        {
            reach += (Sizes[i] - 1) * _strides[i];
        }

        var source = new byte[(reach + 1) * size];
        _content.Read(_offset * size, source);
        switch (size)
        {
            case 1:
                Gather<byte>(source, result);
                break;
            case 2:
                Gather<ushort>(source, result);
                break;
            case 4:
                Gather<uint>(source, result);
                break;
            default:
                Gather<ulong>(source, result);
                break;
        }

        return result;
    }

    private void Gather<T>(byte[] sourceBytes, byte[] resultBytes)
        where T : unmanaged
    {
        var source = MemoryMarshal.Cast<byte, T>(sourceBytes.AsSpan());
        var result = MemoryMarshal.Cast<byte, T>(resultBytes.AsSpan());
        var index = new int[Rank];
        var inner = Rank == 0 ? 1 : Sizes[^1];
        var step = Rank == 0 ? 0 : _strides[^1];
        long at = 0;
        for (var done = 0; done < result.Length;)
        {
            for (var i = 0; i < inner; i++)
            {
                result[done++] = source[(int)(at + (i * step))];
            }

            for (var d = Rank - 2; d >= 0; d--)
            {
                at += _strides[d];
                if (++index[d] < Sizes[d])
                {
                    break;
                }

                at -= _strides[d] * Sizes[d];
                index[d] = 0;
            }
        }
    }
}
