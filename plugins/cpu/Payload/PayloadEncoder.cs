using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tandem.FlatBuffers;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Writes a <see cref="PayloadGraph"/> as ExecuTorch's own export does: header XH00, FlatBuffer XN01, constants under keys of named data.</summary>
/// <remarks>Equal graphs give equal bytes.</remarks>
internal static class PayloadEncoder
{
    private const int HeaderLength = 30;
    private const int Alignment = 16;
    private const int FlatBufferOffset = 32;
    private const byte PlainTensor = 1;
    private const byte QuantizedTensor = 2;
    private const byte PerChannel = 1;
    private const byte PerTensor = 2;
    private const byte PerTokenDynamic = 3;
    private const byte PerChannelGroup = 4;

    /// <summary>Writes a payload.</summary>
    /// <param name="graph">The graph; its constants have keys.</param>
    /// <returns>The payload.</returns>
    public static byte[] Write(PayloadGraph graph)
    {
        var flat = WriteGraph(graph);
        var padded = (flat.Length + Alignment - 1) / Alignment * Alignment;
        var payload = new byte[FlatBufferOffset + padded];
        "XH00"u8.CopyTo(payload.AsSpan(4));
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(8), HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(10), FlatBufferOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(14), (uint)flat.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(18), (uint)payload.Length);
        flat.CopyTo(payload.AsSpan(FlatBufferOffset));
        return payload;
    }

    private static byte[] WriteGraph(PayloadGraph graph)
    {
        var builder = new FlatBufferBuilder();
        var version = builder.CreateString("0");
        var nodes = builder.CreateOffsetVector(Array.ConvertAll(graph.Nodes, node => WriteNode(builder, node)));
        var values = builder.CreateOffsetVector(Array.ConvertAll(graph.Values, value => WriteValue(builder, value)));
        var inputs = WriteIds(builder, graph, PayloadValue.ExternalInput);
        var outputs = WriteIds(builder, graph, PayloadValue.ExternalOutput);
        var constants = builder.CreateOffsetVector(Array.ConvertAll(graph.Constants, constant => WriteConstant(builder, constant)));
        builder.StartTable(9);
        builder.AddOffset(0, version);
        builder.AddOffset(1, nodes);
        builder.AddOffset(2, values);
        AddUInt32(builder, 3, graph.ExternCount);
        builder.AddOffset(4, inputs);
        builder.AddOffset(5, outputs);
        builder.AddOffset(8, constants);
        return builder.Finish(builder.EndTable(), "XN01");
    }

    private static int WriteIds(FlatBufferBuilder builder, PayloadGraph graph, uint flag) =>
        CreateVector(builder, [.. graph.Values.Where(value => (value.Flags & flag) != 0).Select(value => value.Id)]);

    // The first stands for "no constant": ExecuTorch writes it with an empty key, which nobody looks up.
    private static int WriteConstant(FlatBufferBuilder builder, PayloadConstant constant)
    {
        var key = builder.CreateString(constant.Key ?? "");
        builder.StartTable(3);
        if (constant.Key is not null)
        {
            builder.AddInt64(0, -1);
            builder.AddInt64(1, constant.Length);
        }

        builder.AddOffset(2, key);
        return builder.EndTable();
    }

    private static int WriteValue(FlatBufferBuilder builder, PayloadValue value)
    {
        var sizes = new uint[value.Shape.Rank];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = (uint)value.Shape.FromEnd(sizes.Length - i);
        }

        var dims = CreateVector(builder, sizes);
        builder.StartTable(7);
        builder.AddInt16(0, (short)value.Datatype);
        AddUInt32(builder, 1, (uint)sizes.Length);
        builder.AddOffset(2, dims);
        AddUInt32(builder, 3, value.ConstantIndex);
        AddUInt32(builder, 4, value.ExternalId);
        AddUInt32(builder, 5, value.Flags);
        AddUInt32(builder, 6, value.Id);
        var table = builder.EndTable();
        if (value.Quantization is { } quantization)
        {
            var (kind, parameters) = WriteQuantization(builder, quantization);
            builder.StartTable(3);
            builder.AddOffset(0, table);
            builder.AddByte(1, kind);
            builder.AddOffset(2, parameters);
            table = builder.EndTable();
        }

        builder.StartTable(2);
        builder.AddByte(0, value.Quantization is null ? PlainTensor : QuantizedTensor);
        builder.AddOffset(1, table);
        return builder.EndTable();
    }

    private static (byte Kind, int Table) WriteQuantization(FlatBufferBuilder builder, PayloadQuantization quantization)
    {
        switch (quantization)
        {
            case PayloadQuantization.PerTensor p:
                builder.StartTable(2);
                AddSingle(builder, 0, p.Scale);
                AddUInt32(builder, 1, unchecked((uint)p.ZeroPoint));
                return (PerTensor, builder.EndTable());
            case PayloadQuantization.PerTokenDynamic p:
                builder.StartTable(1);
                AddUInt32(builder, 0, (uint)p.NonBatchDimensions);
                return (PerTokenDynamic, builder.EndTable());
            case PayloadQuantization.PerChannel p:
                // The runtime reads the list, even where it is empty and the scales are a constant.
                var scales = builder.CreateVector(MemoryMarshal.AsBytes((p.Scales ?? []).AsSpan()), sizeof(float));
                builder.StartTable(4);
                builder.AddOffset(0, scales);
                AddUInt32(builder, 1, (uint)p.ChannelDimension);
                AddUInt32(builder, 2, p.ScaleIndex);
                AddUInt32(builder, 3, p.ScaleCount);
                return (PerChannel, builder.EndTable());
            case PayloadQuantization.PerChannelGroup p:
                var blocks = builder.CreateVector(MemoryMarshal.AsBytes((p.LegacyScales ?? []).AsSpan()), sizeof(float));
                builder.StartTable(6);
                builder.AddOffset(0, blocks);
                AddUInt32(builder, 1, (uint)p.ChannelDimension);
                AddUInt32(builder, 2, (uint)p.GroupSize);
                AddUInt32(builder, 4, p.ScaleIndex);
                AddUInt32(builder, 5, p.ScaleCount);
                return (PerChannelGroup, builder.EndTable());
            default:
                throw new InvalidOperationException($"{quantization.GetType()} is no kind of quantisation");
        }
    }

    private static int WriteNode(FlatBufferBuilder builder, PayloadOperation node)
    {
        var table = WriteOperation(builder, node);
        var bounds = -1;
        if (!float.IsNegativeInfinity(node.Minimum) || !float.IsPositiveInfinity(node.Maximum))
        {
            builder.StartTable(2);
            AddSingle(builder, 0, node.Minimum);
            AddSingle(builder, 1, node.Maximum);
            bounds = builder.EndTable();
        }

        builder.StartTable(4);
        builder.AddByte(0, (byte)node.Kind);
        builder.AddOffset(1, table);
        AddUInt32(builder, 2, unchecked((uint)node.Source.DebugHandle));
        if (bounds >= 0)
        {
            builder.AddOffset(3, bounds);
        }

        return builder.EndTable();
    }

    private static int WriteOperation(FlatBufferBuilder b, PayloadOperation node)
    {
        var (inputs, output) = (node.Inputs, node.Outputs[0]);
        switch (node.Kind)
        {
            case PayloadNodeKind.Add or PayloadNodeKind.Div or PayloadNodeKind.Minimum or PayloadNodeKind.Multiply or PayloadNodeKind.Subtract
                or PayloadNodeKind.Maximum or PayloadNodeKind.PReLU or PayloadNodeKind.BatchMatrixMultiply:
                return Table(b, inputs[0], inputs[1], output, node.Flags);
            case PayloadNodeKind.FullyConnected:
                return Table(b, inputs[0], inputs[1], inputs[2], output, node.Flags);
            case PayloadNodeKind.Conv2d or PayloadNodeKind.DepthwiseConv2d or PayloadNodeKind.ConvTranspose2d:
                var c = node.Convolution!;
                return Table(
                    b, c.PaddingTop, c.PaddingRight, c.PaddingBottom, c.PaddingLeft, c.KernelHeight, c.KernelWidth, c.StrideHeight, c.StrideWidth,
                    c.DilationHeight, c.DilationWidth, c.GroupInputChannels, c.GroupOutputChannels, c.Groups, c.AdjustmentHeight, c.AdjustmentWidth,
                    inputs[0], inputs[1], inputs[2], output, node.Flags);
            case PayloadNodeKind.AvgPooling2d or PayloadNodeKind.MaxPooling2d:
                var p = node.Pooling!;
                return Table(
                    b, p.PaddingTop, p.PaddingRight, p.PaddingBottom, p.PaddingLeft, p.Height, p.Width, p.StrideHeight, p.StrideWidth,
                    p.DilationHeight, p.DilationWidth, inputs[0], output, node.Flags);
            case PayloadNodeKind.StaticTranspose or PayloadNodeKind.StaticReshape:
                return WithLists(b, node, 5, 0, 1, -1, 2);
            case PayloadNodeKind.StaticSlice:
                return WithLists(b, node, 6, 0, 1, 2, 3);
            case PayloadNodeKind.StaticConstantPad:
                return WithLists(b, node, 6, -1, 0, 1, 3);
            case PayloadNodeKind.StaticResizeBilinear2D:
                return Table(b, node.First[0], node.First[1], inputs[0], output, node.Flags);
            case PayloadNodeKind.LeakyReLU or PayloadNodeKind.ELU:
                b.StartTable(4);
                AddSingle(b, 0, node.Parameter);
                AddUInt32(b, 1, inputs[0]);
                AddUInt32(b, 2, output);
                AddUInt32(b, 3, node.Flags);
                return b.EndTable();
            case PayloadNodeKind.Concatenate2 or PayloadNodeKind.Concatenate3 or PayloadNodeKind.Concatenate4 or PayloadNodeKind.Concatenate5:
                return Table(b, unchecked((uint)node.Axis), Input(0), Input(1), Input(2), Input(3), output, node.Flags, Input(4));
            default:
                return Table(b, inputs[0], output, node.Flags);
        }

        uint Input(int index) => index < inputs.Length ? inputs[index] : PayloadValue.NoId;
    }

    private static int WithLists(FlatBufferBuilder b, PayloadOperation node, int slots, int rankSlot, int firstSlot, int secondSlot, int inputSlot)
    {
        var first = CreateVector(b, node.First);
        var second = secondSlot < 0 ? -1 : CreateVector(b, node.Second);
        b.StartTable(slots);
        if (rankSlot >= 0)
        {
            AddUInt32(b, rankSlot, (uint)node.First.Length);
        }

        b.AddOffset(firstSlot, first);
        if (second >= 0)
        {
            b.AddOffset(secondSlot, second);
        }

        if (node.Kind == PayloadNodeKind.StaticConstantPad)
        {
            AddSingle(b, 2, node.Parameter);
        }

        AddUInt32(b, inputSlot, node.Inputs[0]);
        AddUInt32(b, inputSlot + 1, node.Outputs[0]);
        AddUInt32(b, inputSlot + 2, node.Flags);
        return b.EndTable();
    }

    private static int Table(FlatBufferBuilder builder, params ReadOnlySpan<uint> fields)
    {
        builder.StartTable(fields.Length);
        for (var i = 0; i < fields.Length; i++)
        {
            AddUInt32(builder, i, fields[i]);
        }

        return builder.EndTable();
    }

    private static int CreateVector(FlatBufferBuilder builder, uint[] items) => builder.CreateVector(MemoryMarshal.AsBytes(items.AsSpan()), sizeof(uint));

    // Fields that have their schema's default stay out, as flatc leaves them out.
    private static void AddUInt32(FlatBufferBuilder builder, int slot, uint value)
    {
        if (value != 0)
        {
            builder.AddInt32(slot, unchecked((int)value));
        }
    }

    private static void AddSingle(FlatBufferBuilder builder, int slot, float value)
    {
        if (BitConverter.SingleToInt32Bits(value) != 0)
        {
            builder.AddSingle(slot, value);
        }
    }
}
