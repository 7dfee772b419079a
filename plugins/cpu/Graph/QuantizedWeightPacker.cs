using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Packs 4-bit and 8-bit filters that are multiplied with rows quantised while running.</summary>
internal static unsafe class QuantizedWeightPacker
{
    // So many products of signed bytes fit into a 32-bit sum, whatever they are.
    private const int MaxInt8Depth = 65536;

    /// <summary>Packs rows of a filter.</summary>
    /// <param name="builder">The graph.</param>
    /// <param name="node">The node that multiplies.</param>
    /// <param name="filter">A filter of qcint8, qcint4 or qbint4, whose rows follow one another: [N, K], or [K, N] if transposed.</param>
    /// <param name="bias">fp32 or fp16, or <see cref="PayloadValue.NoId"/>.</param>
    /// <param name="rows">Rows of the whole filter.</param>
    /// <param name="firstRow">First row to pack.</param>
    /// <param name="n">Rows to pack.</param>
    /// <param name="k">Elements of a row.</param>
    /// <param name="isTransposed">Whether the filter is [K, N].</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static PackedQuantizedMatrix Pack(
        GraphBuilder builder, PayloadOperation node, uint filter, uint bias, int rows, int firstRow, int n, int k, bool isTransposed)
    {
        var declared = builder.Declared(node, filter);
        var groupSize = declared.Quantization is PayloadQuantization.PerChannelGroup p ? p.GroupSize : 0;
        var kind = declared.Datatype switch
        {
            PayloadDatatype.QCInt8 => QuantizedWeightKind.Int8Channel,
            PayloadDatatype.QCInt4 => QuantizedWeightKind.Int4Channel,
            _ => groupSize == RowQuantizer.BlockLength ? QuantizedWeightKind.Int4Block32 : QuantizedWeightKind.Int4Group,
        };
        if (kind == QuantizedWeightKind.Int8Channel && k > MaxInt8Depth)
        {
            throw node.Source.NotSupported("a row of the filter is too long", $"at most {MaxInt8Depth} elements", $"{k}");
        }

        var weights = builder.Bytes(node, filter)!;
        var scales = builder.ScaleBytes(node, filter);
        var inline = scales is null ? builder.Scales(node, filter) : null;
        var offsets = bias == PayloadValue.NoId ? null : builder.Constant(node, bias);
        var form = new PackedQuantizedMatrix(builder.InstructionSet, kind, n, k, groupSize);
        var layout = $"rows {kind} {form.Width} {form.Kernels.ByteOffset} {form.Kernels.HasSinglePanels} {rows} {firstRow} {n} {k} {groupSize} {isTransposed} "
            + $"{(offsets is null ? -1 : (int)builder.Declared(node, bias).Datatype)} "
            + (inline is null ? "" : WeightPacker.Fingerprint(MemoryMarshal.AsBytes(inline.AsSpan())));
        return WeightPacker.Pack(
            builder, layout, [weights, offsets, scales], form,
            packed =>
            {
                using var floats = offsets is null ? null : builder.Floats(node, bias);
                var biases = floats is null ? null : (float*)floats.Memory + firstRow;
                using var turned = isTransposed ? Transpose(weights.Pointer, n, k, kind) : null;
                var first = turned is null ? weights.Pointer : turned.Memory;
                if (packed.HasGroups)
                {
                    var bits = inline is null ? null : Array.ConvertAll(inline, scale => (ushort)(BitConverter.SingleToUInt32Bits(scale) >> 16));
                    fixed (ushort* pinned = bits)
                    {
                        var all = bits is null ? (ushort*)scales!.Pointer : pinned;
                        CheckGroupScales(declared, all, (nint)rows * packed.GroupCount);
                        QuantizedPacking.FillGroups(
                            builder.Pool, packed, first + ((nint)firstRow * (k / 2)), all + ((nint)firstRow * packed.GroupCount), biases);
                    }

                    return;
                }

                fixed (float* all = inline ?? builder.Scales(node, filter))
                {
                    var rowBytes = kind == QuantizedWeightKind.Int8Channel ? k : ((nint)k + 1) / 2;
                    QuantizedPacking.FillChannels(builder.Pool, packed, first + (firstRow * rowBytes), all + firstRow, biases);
                }
            });
    }

    private static void CheckGroupScales(PayloadValue value, ushort* scales, nint count)
    {
        for (nint i = 0; i < count; i++)
        {
            // Positive, with an exponent that is neither that of subnormal numbers nor that of infinity.
            if ((ushort)(scales[i] - 0x0080) >= 0x7F80 - 0x0080)
            {
                QuantizationRules.CheckScale(value, BitConverter.UInt32BitsToSingle((uint)scales[i] << 16));
            }
        }
    }

    /// <summary>[K, N] to [N, K].</summary>
    private static NativeBlock Transpose(byte* weights, int n, int k, QuantizedWeightKind kind)
    {
        if (kind == QuantizedWeightKind.Int8Channel)
        {
            var bytes = new NativeBlock((long)n * k);
            for (var row = 0; row < n; row++)
            {
                for (var i = 0; i < k; i++)
                {
                    bytes.Memory[((nint)row * k) + i] = weights[((nint)i * n) + row];
                }
            }

            return bytes;
        }

        var (sourceBytes, rowBytes) = (((nint)n + 1) / 2, ((nint)k + 1) / 2);
        var block = new NativeBlock(n * rowBytes);
        new Span<byte>(block.Memory, checked((int)(n * rowBytes))).Clear();
        for (var row = 0; row < n; row++)
        {
            for (var i = 0; i < k; i++)
            {
                var nibble = (weights[(i * sourceBytes) + (row / 2)] >> (row % 2 * 4)) & 0xF;
                block.Memory[(row * rowBytes) + (i / 2)] |= (byte)(nibble << (i % 2 * 4));
            }
        }

        return block;
    }
}
