using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tandem.Plugins.Cpu.Payload;
using Table = Tandem.Plugins.Cpu.Tests.Fakes.FlatWriter.Table;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Builds payloads in tests.</summary>
internal sealed class PayloadWriter
{
    public const uint None = PayloadValue.NoId;

    private readonly List<Table> _values = [];
    private readonly List<Table> _nodes = [];
    private readonly List<(byte[] Bytes, string? Key)> _constants = [([], null)];
    private uint _externs;

    /// <summary>Data that goes beside the payload.</summary>
    public Dictionary<string, byte[]> NamedData { get; } = [];

    /// <summary>Whether constants become named data, else they lie in the payload.</summary>
    public bool UsesNamedData { get; set; }

    public uint Input(params uint[] dims) => Input(PayloadDatatype.Fp32, dims);

    public uint Input(PayloadDatatype type, params uint[] dims) => Value(type, dims, external: _externs++, flags: 1);

    /// <summary>An input that an old export has quantised while running.</summary>
    public uint QuantisedInput(params uint[] dims) => Value(PayloadDatatype.Fp32, dims, external: _externs++, flags: 1, dynamic: (short)PayloadDatatype.QInt8);

    public uint Output(params uint[] dims) => Output(PayloadDatatype.Fp32, dims);

    public uint Output(PayloadDatatype type, params uint[] dims) => Value(type, dims, external: _externs++, flags: 2);

    /// <summary>Sizes of a value.</summary>
    public uint[] Dims(uint id) => (uint[])(_values[(int)id][1] is Table value && value[0] is Table tensor ? tensor : (Table)_values[(int)id][1])[2];

    public uint Internal(params uint[] dims) => Value(PayloadDatatype.Fp32, dims);

    public uint Internal(PayloadDatatype type, params uint[] dims) => Value(type, dims);

    public uint Constant(float[] values, params uint[] dims) => Constant(PayloadDatatype.Fp32, MemoryMarshal.AsBytes<float>(values).ToArray(), dims);

    public uint Constant(Half[] values, params uint[] dims) => Constant(PayloadDatatype.Fp16, MemoryMarshal.AsBytes<Half>(values).ToArray(), dims);

    public uint Constant(PayloadDatatype type, byte[] bytes, params uint[] dims)
    {
        return Value(type, dims, constant: AddConstant(bytes));
    }

    /// <summary>Bytes that no value names: scales.</summary>
    public uint AddConstant(byte[] bytes)
    {
        string? key = null;
        if (UsesNamedData)
        {
            key = Convert.ToHexStringLower(SHA256.HashData(bytes));
            NamedData[key] = bytes;
        }

        _constants.Add((bytes, key));
        return (uint)_constants.Count - 1;
    }

    public uint Value(PayloadDatatype type, uint[] dims, uint constant = 0, uint external = None, uint flags = 0, byte union = 1, short dynamic = 0)
    {
        var id = (uint)_values.Count;
        var tensor = new Table { [0] = (short)type, [1] = (uint)dims.Length, [2] = dims, [3] = constant, [4] = external, [5] = flags, [6] = id };
        if (dynamic != 0)
        {
            tensor[7] = dynamic;
        }

        _values.Add(union == 2 ? new Table { [0] = union, [1] = new Table { [0] = tensor } } : new Table { [0] = union, [1] = tensor });
        return id;
    }

    /// <summary>A value with one scale and zero point.</summary>
    public uint Quantised(PayloadDatatype type, float scale, int zeroPoint, uint[] dims, uint external = None, uint flags = 0, byte[]? bytes = null) =>
        Quantised(type, 2, new Table { [0] = scale, [1] = zeroPoint }, dims, external, flags, bytes);

    /// <summary>A value with a scale for each channel, inline or in a constant.</summary>
    public uint PerChannel(PayloadDatatype type, float[] scales, int dimension, uint[] dims, byte[]? bytes = null, bool isInline = false) =>
        Quantised(
            type, 1,
            isInline
                ? new Table { [0] = scales.Select(BitConverter.SingleToUInt32Bits).ToArray(), [1] = dimension }
                : new Table { [0] = Array.Empty<uint>(), [1] = dimension, [2] = AddConstant(MemoryMarshal.AsBytes<float>(scales).ToArray()), [3] = (uint)scales.Length },
            dims, bytes: bytes);

    /// <summary>A value with parameters of a kind: 1 per channel, 2 per tensor, 3 per token, 4 per group.</summary>
    public uint Quantised(PayloadDatatype type, byte kind, Table parameters, uint[] dims, uint external = None, uint flags = 0, byte[]? bytes = null)
    {
        var id = (uint)_values.Count;
        _externs = Math.Max(_externs, external == None ? 0 : external + 1);
        var tensor = new Table
        {
            [0] = (short)type,
            [1] = (uint)dims.Length,
            [2] = dims,
            [3] = bytes is null ? 0u : AddConstant(bytes),
            [4] = external,
            [5] = flags,
            [6] = id,
        };
        _values.Add(new Table { [0] = (byte)2, [1] = new Table { [0] = tensor, [1] = kind, [2] = parameters } });
        return id;
    }

    public void Node(PayloadNodeKind kind, Table attributes, (float? Minimum, float? Maximum)? bounds = null)
    {
        var node = new Table { [0] = (byte)kind, [1] = attributes, [2] = (uint)_nodes.Count };
        if (bounds is var (minimum, maximum))
        {
            var table = new Table();
            if (minimum is { } low)
            {
                table[0] = low;
            }

            if (maximum is { } high)
            {
                table[1] = high;
            }

            node[3] = table;
        }

        _nodes.Add(node);
    }

    public void Unary(PayloadNodeKind kind, uint input, uint output, uint flags = 0, (float? Minimum, float? Maximum)? bounds = null) =>
        Node(kind, new Table { [0] = input, [1] = output, [2] = flags }, bounds);

    public void Binary(PayloadNodeKind kind, uint first, uint second, uint output, uint flags = 0, (float? Minimum, float? Maximum)? bounds = null) =>
        Node(kind, new Table { [0] = first, [1] = second, [2] = output, [3] = flags }, bounds);

    public void FullyConnected(uint input, uint filter, uint bias, uint output, uint flags = 0, (float? Minimum, float? Maximum)? bounds = null) =>
        Node(PayloadNodeKind.FullyConnected, new Table { [0] = input, [1] = filter, [2] = bias, [3] = output, [4] = flags }, bounds);

    public void Reshape(uint input, uint output, params uint[] newShape) =>
        Node(PayloadNodeKind.StaticReshape, new Table { [0] = (uint)newShape.Length, [1] = newShape, [2] = input, [3] = output });

    public void Transpose(uint input, uint output, params uint[] permutation) =>
        Node(PayloadNodeKind.StaticTranspose, new Table { [0] = (uint)permutation.Length, [1] = permutation, [2] = input, [3] = output });

    public void Slice(uint input, uint output, uint[] offsets, uint[] sizes) =>
        Node(PayloadNodeKind.StaticSlice, new Table { [0] = (uint)offsets.Length, [1] = offsets, [2] = sizes, [3] = input, [4] = output });

    public void Pad(uint input, uint output, uint[] before, uint[] after, float value) =>
        Node(PayloadNodeKind.StaticConstantPad, new Table { [0] = before, [1] = after, [2] = value, [3] = input, [4] = output });

    public void Concatenate(uint axis, uint output, params uint[] inputs)
    {
        var table = new Table { [0] = axis, [3] = None, [4] = None, [5] = output, [7] = None };
        for (var i = 0; i < inputs.Length; i++)
        {
            table[i < 4 ? i + 1 : 7] = inputs[i];
        }

        var kind = inputs.Length switch
        {
            2 => PayloadNodeKind.Concatenate2,
            3 => PayloadNodeKind.Concatenate3,
            4 => PayloadNodeKind.Concatenate4,
            _ => PayloadNodeKind.Concatenate5,
        };
        Node(kind, table);
    }

    /// <summary>Attributes in the payload's order: padding t r b l, kernel h w, stride h w, dilation h w, group inputs, group outputs, groups, adjustment h w.</summary>
    public void Convolution(
        PayloadNodeKind kind, uint[] attributes, uint input, uint filter, uint bias, uint output, uint flags = 0, (float? Minimum, float? Maximum)? bounds = null)
    {
        var table = new Table { [15] = input, [16] = filter, [17] = bias, [18] = output, [19] = flags };
        for (var i = 0; i < attributes.Length; i++)
        {
            table[i] = attributes[i];
        }

        Node(kind, table, bounds);
    }

    /// <summary>Attributes: padding t r b l, window h w, stride h w, dilation h w.</summary>
    public void Pooling(PayloadNodeKind kind, uint[] attributes, uint input, uint output, uint flags = 0, (float? Minimum, float? Maximum)? bounds = null)
    {
        var table = new Table { [10] = input, [11] = output, [12] = flags };
        for (var i = 0; i < attributes.Length; i++)
        {
            table[i] = attributes[i];
        }

        Node(kind, table, bounds);
    }

    /// <summary>The payload with header.</summary>
    public byte[] Write(string identifier = "XN01")
    {
        var area = new List<byte>();
        var entries = new List<Table>();
        for (var i = 0; i < _constants.Count; i++)
        {
            var (bytes, key) = _constants[i];
            if (i == 0)
            {
                entries.Add(new Table { [0] = 0ul, [1] = 0ul, [2] = "" });
            }
            else if (key is not null)
            {
                entries.Add(new Table { [0] = ulong.MaxValue, [1] = (ulong)bytes.Length, [2] = key });
            }
            else
            {
                while (area.Count % 16 != 0)
                {
                    area.Add(0);
                }

                entries.Add(new Table { [0] = (ulong)area.Count, [1] = (ulong)bytes.Length });
                area.AddRange(bytes);
            }
        }

        var buffer = FlatWriter.Write(Graph(new Table { [8] = entries.ToArray() }), identifier);
        var padded = (buffer.Length + 15) & ~15;
        var result = new byte[32 + padded + area.Count];
        "XH00"u8.CopyTo(result.AsSpan(4));
        BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(8), 30);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(10), 32);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(14), (uint)buffer.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(18), (uint)(32 + padded));
        BinaryPrimitives.WriteUInt64LittleEndian(result.AsSpan(22), (ulong)area.Count);
        buffer.CopyTo(result, 32);
        area.CopyTo(result, 32 + padded);
        return result;
    }

    /// <summary>The payload as a bare FlatBuffer with the constants in it, as old exports have it.</summary>
    public byte[] WriteLegacy() => FlatWriter.Write(
        Graph(new Table { [6] = _constants.Select(c => new Table { [0] = c.Bytes }).ToArray() }), "XN00");

    private Table Graph(Table table)
    {
        table[0] = "0";
        table[1] = _nodes.ToArray();
        table[2] = _values.ToArray();
        table[3] = _externs;
        return table;
    }
}
