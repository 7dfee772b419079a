using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tandem.FlatBuffers;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Reads a payload into a <see cref="PayloadGraph"/>. Trusts nothing.</summary>
internal static class PayloadReader
{
    /// <summary>Most nodes and values; real graphs have some hundreds.</summary>
    public const int MaxItems = 16384;

    /// <summary>Most arguments of a delegate call, as ExecuTorch has it.</summary>
    public const uint MaxExterns = 4096;

    private const uint PlainTensor = 1;
    private const uint QuantizedTensor = 2;

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">All its bytes.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static PayloadGraph Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            return ReadGraph(payload);
        }
        catch (TandemException error) when (error.Code == ErrorCode.FlatBufferInvalid)
        {
            throw new TandemException(ErrorCode.PayloadInvalid, $"the payload's graph is damaged: {error.Problem}", error.Details, error);
        }
    }

    private static PayloadGraph ReadGraph(ReadOnlySpan<byte> payload)
    {
        var header = PayloadHeader.Read(payload);
        var buffer = payload.Slice((int)header.FlatBufferOffset, (int)header.FlatBufferLength);
        var identifier = buffer.Slice(4, 4);
        if (!identifier.SequenceEqual("XN01"u8) && !identifier.SequenceEqual("XN00"u8))
        {
            throw Invalid("the payload is no XNNPACK graph", "identifier", "XN00 or XN01", Convert.ToHexString(identifier));
        }

        var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
        if (!root.Has(1) || !root.Has(2))
        {
            throw Invalid("the graph has no nodes or no values", "xnodes, xvalues", "both", "one or none");
        }

        var externs = root.ReadUInt32(3);
        if (externs > MaxExterns)
        {
            throw Invalid("the graph has too many external values", "num_externs", $"at most {MaxExterns}", externs.ToString());
        }

        var constants = header.HasHeader ? ReadConstants(root, header) : ReadBuffers(root, header);
        var dynamicInputs = new List<int>();
        var graph = new PayloadGraph(ReadValues(root, dynamicInputs), ReadNodes(root), constants, externs);
        return LegacyDynamicInputs.WriteOut(graph, dynamicInputs);
    }

    private static PayloadConstant[] ReadConstants(FlatTable root, PayloadHeader header)
    {
        var vector = Limited(root.ReadVector(8, 4), "constant_data");
        var result = new PayloadConstant[vector.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var table = root.TableAt(vector, i);
            var (offset, length) = (table.ReadUInt64(0), table.ReadUInt64(1));
            var key = table.ReadString(2);
            if (length > long.MaxValue || (key is null && (offset > (ulong)header.ConstantLength || length > (ulong)header.ConstantLength - offset)))
            {
                throw Invalid("a constant lies outside the payload", $"constant_data[{i}]", $"within {header.ConstantLength} bytes", $"offset {offset}, size {length}");
            }

            // A key that is present counts, even an empty one: ExecuTorch looks no further either.
            result[i] = new PayloadConstant(key, key is null ? header.ConstantOffset + (long)offset : 0, (long)length);
        }

        return result;
    }

    private static PayloadConstant[] ReadBuffers(FlatTable root, PayloadHeader header)
    {
        var vector = Limited(root.ReadVector(6, 4), "constant_buffer");
        var result = new PayloadConstant[vector.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var storage = root.TableAt(vector, i).ReadVector(0, 1);
            result[i] = new PayloadConstant(null, header.FlatBufferOffset + storage.Start, storage.Count);
        }

        return result;
    }

    private static PayloadValue[] ReadValues(FlatTable root, List<int> dynamicInputs)
    {
        var vector = Limited(root.ReadVector(2, 4), "xvalues");
        var result = new PayloadValue[vector.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var union = root.TableAt(vector, i);
            uint type = union.ReadByte(0);
            if (type is not (PlainTensor or QuantizedTensor))
            {
                throw NotSupported("a value is of an unknown kind", $"xvalues[{i}]", "a tensor or a quantised tensor", type.ToString());
            }

            var table = union.ReadTable(1, "xvalue_union");
            PayloadQuantization? quantization = null;
            if (type == QuantizedTensor)
            {
                quantization = ReadQuantization(table, i);
                table = table.ReadTable(0, "tensor_value");
            }

            result[i] = ReadValue(table, i, quantization);
            var dynamic = (PayloadDatatype)table.ReadInt16(7);
            if (dynamic == PayloadDatatype.Invalid)
            {
                continue;
            }

            if (dynamic != PayloadDatatype.QInt8 || result[i].Flags != PayloadValue.ExternalInput
                || result[i].Datatype is not (PayloadDatatype.Fp32 or PayloadDatatype.Fp16))
            {
                throw Invalid(
                    "a value is quantised while running that cannot be", $"xvalues[{i}]", "an external input of fp32 or fp16, quantised to qint8",
                    $"{PayloadNames.Of(result[i].Datatype)} with flags {result[i].Flags}, quantised to {PayloadNames.Of(dynamic)}");
            }

            dynamicInputs.Add(i);
        }

        return result;
    }

    private static PayloadQuantization ReadQuantization(FlatTable table, int index)
    {
        uint type = table.ReadByte(1);
        if (type is 0 or > 4)
        {
            throw Invalid("a quantised value has no parameters, or of an unknown kind", $"xvalues[{index}]", "a kind from 1 to 4", type.ToString());
        }

        var p = table.ReadTable(2, "quant_params");
        return type switch
        {
            1 => new PayloadQuantization.PerChannel(Floats(p, 0), p.ReadInt32(1), p.ReadUInt32(2), p.ReadUInt32(3)),
            2 => new PayloadQuantization.PerTensor(p.ReadSingle(0), p.ReadInt32(1)),
            3 => new PayloadQuantization.PerTokenDynamic(p.ReadInt32(0)),
            _ => new PayloadQuantization.PerChannelGroup(p.ReadInt32(1), p.ReadInt32(2), p.ReadUInt32(4), p.ReadUInt32(5), Floats(p, 0)),
        };
    }

    private static float[]? Floats(FlatTable table, int slot) =>
        table.Has(slot) ? MemoryMarshal.Cast<byte, float>(table.Bytes(table.ReadVector(slot, 4), 4)).ToArray() : null;

    private static PayloadValue ReadValue(FlatTable table, int index, PayloadQuantization? quantization)
    {
        var dims = Ints(table, 2);
        if (dims.Length > Shape.MaxRank)
        {
            throw NotSupported("a value has too many dimensions", $"xvalues[{index}]", $"at most {Shape.MaxRank}", dims.Length.ToString());
        }

        Span<int> sizes = stackalloc int[Shape.MaxRank];
        for (var i = 0; i < dims.Length; i++)
        {
            sizes[i] = dims[i] <= int.MaxValue ? (int)dims[i] : -1;
        }

        var shape = new Shape(sizes[..dims.Length]);
        if (shape.Measure() < 0)
        {
            throw Invalid("a value is too large", $"xvalues[{index}]", $"at most {Shape.MaxElementCount} elements", string.Join(" x ", dims));
        }

        return new PayloadValue(
            table.ReadUInt32(6), (PayloadDatatype)table.ReadInt16(0), shape, table.ReadUInt32(3), table.ReadUInt32(4), table.ReadUInt32(5), quantization);
    }

    private static PayloadOperation[] ReadNodes(FlatTable root)
    {
        var vector = Limited(root.ReadVector(1, 4), "xnodes");
        var result = new PayloadOperation[vector.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var table = root.TableAt(vector, i);
            var kind = (PayloadNodeKind)table.ReadByte(0);
            if (kind is PayloadNodeKind.None or > PayloadNodeKind.Cos)
            {
                throw NotSupported("a node is of an unknown kind", $"xnodes[{i}]", "a kind from 1 to 47", ((int)kind).ToString());
            }

            var minimum = float.NegativeInfinity;
            var maximum = float.PositiveInfinity;
            if (table.Has(3))
            {
                var bounds = table.ReadTable(3, "output_min_max");
                (minimum, maximum) = (bounds.ReadSingle(0), bounds.ReadSingle(1));
            }

            var source = new NodeSource(PayloadNames.Of(kind), i, unchecked((int)table.ReadUInt32(2)));
            if (float.IsNaN(minimum) || float.IsNaN(maximum) || minimum > maximum)
            {
                throw source.Invalid("the bounds of the result are impossible", "minimum at most maximum", $"{minimum} and {maximum}");
            }

            result[i] = ReadNode(table.ReadTable(1, "xnode_union"), kind, source, minimum, maximum);
        }

        return result;
    }

    private static PayloadOperation ReadNode(FlatTable t, PayloadNodeKind kind, NodeSource source, float minimum, float maximum)
    {
        switch (kind)
        {
            case PayloadNodeKind.Add or PayloadNodeKind.Div or PayloadNodeKind.Minimum or PayloadNodeKind.Multiply or PayloadNodeKind.Subtract
                or PayloadNodeKind.Maximum or PayloadNodeKind.PReLU or PayloadNodeKind.BatchMatrixMultiply:
                return New([t.ReadUInt32(0), t.ReadUInt32(1)], [t.ReadUInt32(2)], t.ReadUInt32(3));
            case PayloadNodeKind.FullyConnected:
                return New([t.ReadUInt32(0), t.ReadUInt32(1), t.ReadUInt32(2)], [t.ReadUInt32(3)], t.ReadUInt32(4));
            case PayloadNodeKind.Conv2d or PayloadNodeKind.DepthwiseConv2d or PayloadNodeKind.ConvTranspose2d:
                return New([t.ReadUInt32(15), t.ReadUInt32(16), t.ReadUInt32(17)], [t.ReadUInt32(18)], t.ReadUInt32(19), convolution: new PayloadConvolution(
                    t.ReadUInt32(0), t.ReadUInt32(1), t.ReadUInt32(2), t.ReadUInt32(3), t.ReadUInt32(4), t.ReadUInt32(5), t.ReadUInt32(6), t.ReadUInt32(7), t.ReadUInt32(8), t.ReadUInt32(9), t.ReadUInt32(10),
                    t.ReadUInt32(11), t.ReadUInt32(12), t.ReadUInt32(13), t.ReadUInt32(14)));
            case PayloadNodeKind.AvgPooling2d or PayloadNodeKind.MaxPooling2d:
                return New([t.ReadUInt32(10)], [t.ReadUInt32(11)], t.ReadUInt32(12), pooling: new PayloadPooling(
                    t.ReadUInt32(0), t.ReadUInt32(1), t.ReadUInt32(2), t.ReadUInt32(3), t.ReadUInt32(4), t.ReadUInt32(5), t.ReadUInt32(6), t.ReadUInt32(7), t.ReadUInt32(8), t.ReadUInt32(9)));
            case PayloadNodeKind.ArgMaxPooling2d:
                return New([t.ReadUInt32(6)], [t.ReadUInt32(7), t.ReadUInt32(8)], t.ReadUInt32(9), pooling: new PayloadPooling(
                    t.ReadUInt32(0), t.ReadUInt32(1), t.ReadUInt32(2), t.ReadUInt32(3), t.ReadUInt32(4), t.ReadUInt32(5), t.ReadUInt32(4), t.ReadUInt32(5), 1, 1));
            case PayloadNodeKind.StaticTranspose:
                return New([t.ReadUInt32(2)], [t.ReadUInt32(3)], t.ReadUInt32(4), Ints(t, 1));
            case PayloadNodeKind.StaticReshape:
                return New([t.ReadUInt32(2)], [t.ReadUInt32(3)], t.ReadUInt32(4), Ints(t, 1));
            case PayloadNodeKind.StaticResizeBilinear2D:
                return New([t.ReadUInt32(2)], [t.ReadUInt32(3)], t.ReadUInt32(4), [t.ReadUInt32(0), t.ReadUInt32(1)]);
            case PayloadNodeKind.StaticConstantPad:
                return New([t.ReadUInt32(3)], [t.ReadUInt32(4)], t.ReadUInt32(5), Ints(t, 0), Ints(t, 1), t.ReadSingle(2));
            case PayloadNodeKind.StaticSlice:
                return New([t.ReadUInt32(3)], [t.ReadUInt32(4)], t.ReadUInt32(5), Ints(t, 1), Ints(t, 2));
            case PayloadNodeKind.LeakyReLU or PayloadNodeKind.ELU:
                return New([t.ReadUInt32(1)], [t.ReadUInt32(2)], t.ReadUInt32(3), parameter: t.ReadSingle(0));
            case PayloadNodeKind.Concatenate2:
                return New([t.ReadUInt32(1), t.ReadUInt32(2)], [t.ReadUInt32(5)], t.ReadUInt32(6), axis: unchecked((int)t.ReadUInt32(0)));
            case PayloadNodeKind.Concatenate3:
                return New([t.ReadUInt32(1), t.ReadUInt32(2), t.ReadUInt32(3)], [t.ReadUInt32(5)], t.ReadUInt32(6), axis: unchecked((int)t.ReadUInt32(0)));
            case PayloadNodeKind.Concatenate4:
                return New([t.ReadUInt32(1), t.ReadUInt32(2), t.ReadUInt32(3), t.ReadUInt32(4)], [t.ReadUInt32(5)], t.ReadUInt32(6), axis: unchecked((int)t.ReadUInt32(0)));
            case PayloadNodeKind.Concatenate5:
                return New([t.ReadUInt32(1), t.ReadUInt32(2), t.ReadUInt32(3), t.ReadUInt32(4), t.ReadUInt32(7)], [t.ReadUInt32(5)], t.ReadUInt32(6), axis: unchecked((int)t.ReadUInt32(0)));
            case PayloadNodeKind.ScaledDotProductAttention:
                throw source.NotSupported("no runtime of this format runs this node");
            default:
                return New([t.ReadUInt32(0)], [t.ReadUInt32(1)], t.ReadUInt32(2));
        }

        PayloadOperation New(
            uint[] inputs, uint[] outputs, uint flags, uint[]? first = null, uint[]? second = null, float parameter = 0, int axis = 0,
            PayloadConvolution? convolution = null, PayloadPooling? pooling = null) => new()
            {
                Kind = kind,
                Source = source,
                Minimum = minimum,
                Maximum = maximum,
                Inputs = inputs,
                Outputs = outputs,
                Flags = flags,
                First = first ?? [],
                Second = second ?? [],
                Parameter = parameter,
                Axis = axis,
                Convolution = convolution,
                Pooling = pooling,
            };
    }

    // No list of a node is longer than a rank; a few more leave the message to whom it concerns.
    private static uint[] Ints(FlatTable table, int slot)
    {
        var vector = table.ReadVector(slot, 4);
        var bytes = table.Bytes(vector, 4);
        if (vector.Count > 32)
        {
            throw Invalid("a list of numbers is too long", $"byte {vector.Start} of the graph", "at most 32", vector.Count.ToString());
        }

        var result = new uint[vector.Count];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]);
        }

        return result;
    }

    private static FlatVector Limited(FlatVector vector, string name) => vector.Count <= MaxItems ? vector
        : throw NotSupported($"the graph has too many {name}", name, $"at most {MaxItems}", vector.Count.ToString());

    private static TandemException Invalid(string problem, string location, string expected, string found) => new(
        ErrorCode.PayloadInvalid, problem,
        new ErrorDetails { Location = location, Expected = expected, Found = found, NextStep = "export the program again" });

    private static TandemException NotSupported(string problem, string location, string expected, string found) => new(
        ErrorCode.PayloadNotSupported, problem,
        new ErrorDetails { Location = location, Expected = expected, Found = found, NextStep = "lower the program without this operation for this backend" });
}
