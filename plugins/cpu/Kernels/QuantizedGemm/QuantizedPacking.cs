using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Brings weights of a file into the order of <see cref="PackedQuantizedMatrix"/>; panels are packed in parallel.</summary>
internal sealed unsafe partial class QuantizedPacking : IParallelWork
{
    // Panels of fewer bytes in all are packed before a second thread has woken up.
    private const nint ParallelBytes = 1 << 18;

    private readonly PackedQuantizedMatrix _packed;
    private readonly byte* _weights;
    private readonly nint _rowBytes;
    private readonly ushort* _groupScales;

    private QuantizedPacking(PackedQuantizedMatrix packed, byte* weights, nint rowBytes, ushort* groupScales)
    {
        _packed = packed;
        _weights = weights;
        _rowBytes = rowBytes;
        _groupScales = groupScales;
    }

    private byte Zeroes => IsInt8 ? (byte)0 : (byte)0x88;

    private bool IsInt8 => _packed.Kind == QuantizedWeightKind.Int8Channel;

    /// <summary>Fills a form of 4-bit weights with a scale for each group.</summary>
    /// <param name="pool">Threads; null packs on the caller's.</param>
    /// <param name="packed">The form, with memory.</param>
    /// <param name="weights">[N, K / 2] bytes; the low nibble is the even step of K; a nibble is a weight + 8.</param>
    /// <param name="scales">[N, K / group size] bfloat16.</param>
    /// <param name="bias">N values, or null for zero.</param>
    public static void FillGroups(ComputePool? pool, PackedQuantizedMatrix packed, byte* weights, ushort* scales, float* bias) =>
        new QuantizedPacking(packed, weights, packed.K / 2, scales).Run(pool, null, bias);

    /// <summary>Fills a form of weights with a scale for each column.</summary>
    /// <param name="pool">Threads; null packs on the caller's.</param>
    /// <param name="packed">The form, with memory.</param>
    /// <param name="weights">
    /// [N, (K + 1) / 2] bytes of 4-bit weights, as for groups; what stands behind the last step of K counts for nothing. Or [N, K] signed bytes.
    /// </param>
    /// <param name="scales">N scales.</param>
    /// <param name="bias">N values, or null for zero.</param>
    public static void FillChannels(ComputePool? pool, PackedQuantizedMatrix packed, byte* weights, float* scales, float* bias) =>
        new QuantizedPacking(packed, weights, packed.Kind == QuantizedWeightKind.Int8Channel ? packed.K : ((nint)packed.K + 1) / 2, null)
            .Run(pool, scales, bias);

    /// <summary>Packs a range of panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int start, int end, int worker)
    {
        for (var panel = start; panel < end; panel++)
        {
            if (_packed.Width == 1)
            {
                PackColumn(panel);
                continue;
            }

            if (IsInt8)
            {
                PackBytes(panel);
            }
            else if (_packed.Width == 16 && (panel + 1) * 16 <= _packed.N && _packed.K % RowQuantizer.BlockLength == 0)
            {
                PackNibbles512(panel);
            }
            else
            {
                PackNibbles(panel);
            }
        }
    }

    private void Run(ComputePool? pool, float* channelScales, float* bias)
    {
        var (packed, columns) = (_packed, _packed.PanelCount * _packed.Width);
        Fill(packed.Bias, bias, packed.N, columns);
        if (!packed.HasGroups)
        {
            Fill(packed.ChannelScales, channelScales, packed.N, columns);
        }

        if (pool is null || packed.ByteCount < ParallelBytes)
        {
            Execute(0, packed.PanelCount, 0);
        }
        else
        {
            pool.Run(packed.PanelCount, 1, this);
        }
    }

    private static void Fill(float* destination, float* source, int count, int padded)
    {
        var span = new Span<float>(destination, padded);
        span.Clear();
        if (source != null)
        {
            new ReadOnlySpan<float>(source, count).CopyTo(span);
        }
    }

    /// <summary>First byte of a panel's part of a block; its scales stand before the group's first.</summary>
    private byte* Block(int panel, int group, int block)
    {
        var packed = _packed;
        if (packed.Kernels.HasSinglePanels)
        {
            return packed.Streams + (panel * packed.PanelBytes) + ((nint)block * packed.PanelBlockBytes);
        }

        var (stream, panels) = (panel / 2, packed.PanelsOf(panel / 2));
        var groupBytes = panels * (packed.PanelScaleBytes + ((nint)packed.BlocksPerGroup * packed.PanelBlockBytes));
        return packed.Stream(stream) + (group * groupBytes) + (panels * packed.PanelScaleBytes)
            + ((((nint)block * panels) + (panel % 2)) * packed.PanelBlockBytes);
    }

    /// <summary>Bytes from a panel's scales of a group to its first block of the group.</summary>
    private nint ScaleDistance(int panel) =>
        ((_packed.PanelsOf(panel / 2) - (panel % 2)) * _packed.PanelScaleBytes) + (panel % 2 * _packed.PanelBlockBytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackColumn(int column)
    {
        var packed = _packed;
        var blockBytes = packed.PanelBlockBytes;
        var rest = stackalloc byte[32];
        var row = _weights + (column * _rowBytes);
        var sum = 0;
        float scaledSum = 0;
        for (var group = 0; group < packed.GroupCount; group++)
        {
            var groupSum = 0;
            for (var block = 0; block < packed.BlocksPerGroup; block++)
            {
                var index = (group * packed.BlocksPerGroup) + block;
                var source = Source(row, rest, rest, (nint)index * blockBytes, (index + 1) * RowQuantizer.BlockLength <= packed.K);
                var destination = Block(column, group, block);
                for (var i = 0; i < blockBytes; i++)
                {
                    if (IsInt8)
                    {
                        destination[(i & ~7) | ((i & 1) << 2) | ((i & 7) >> 1)] = source[i];
                        groupSum += (sbyte)source[i];
                    }
                    else
                    {
                        destination[i] = source[i];
                        groupSum += (source[i] & 0xF) + (source[i] >> 4) - 16;
                    }
                }
            }

            sum += groupSum;
            if (packed.HasGroups)
            {
                var bits = _groupScales[((nint)column * packed.GroupCount) + group];
                *(ushort*)(Block(column, group, 0) - ScaleDistance(column)) = bits;
                scaledSum += groupSum * BitConverter.Int32BitsToSingle(bits << 16);
            }
        }

        if (packed.HasGroups)
        {
            ((float*)packed.ColumnSums)[column] = scaledSum;
        }
        else
        {
            ((int*)packed.ColumnSums)[column] = sum;
        }
    }

    /// <summary>A panel of 4-bit weights, four columns and a block at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackNibbles(int panel)
    {
        var packed = _packed;
        var (width, groupCount, blocksPerGroup, hasGroups) = (packed.Width, packed.GroupCount, packed.BlocksPerGroup, packed.HasGroups);
        var (panels, wholeBlocks) = (packed.PanelsOf(panel / 2), packed.K / RowQuantizer.BlockLength);
        var (vectorBytes, step) = (width * 4, panels * packed.PanelBlockBytes);
        var columns = stackalloc byte*[16];
        var rest = stackalloc byte[16 * 16];
        var zeroes = stackalloc byte[16];
        var scaleRows = stackalloc ushort*[16];
        var noScale = stackalloc ushort[1];
        var sums = stackalloc int[16];
        var scaledSums = stackalloc float[16];
        *noScale = 0;
        new Span<byte>(zeroes, 16).Fill(Zeroes);
        for (var lane = 0; lane < width; lane++)
        {
            var column = (panel * width) + lane;
            columns[lane] = column < packed.N ? _weights + (column * _rowBytes) : null;
            scaleRows[lane] = column < packed.N ? _groupScales + ((nint)column * groupCount) : noScale;
            sums[lane] = 0;
            scaledSums[lane] = 0;
        }

        var block = 0;
        for (var group = 0; group < groupCount; group++)
        {
            var start = Block(panel, group, 0);
            for (var lane = 0; lane < width; lane += 4)
            {
                var groupSums = Vector128<int>.Zero;
                var destination = start + (lane * 4);
                for (var i = 0; i < blocksPerGroup; i++)
                {
                    var offset = (nint)(block + i) * 16;
                    var s0 = Source(columns[lane], zeroes, rest, offset, block + i < wholeBlocks);
                    var s1 = Source(columns[lane + 1], zeroes, rest + 16, offset, block + i < wholeBlocks);
                    var s2 = Source(columns[lane + 2], zeroes, rest + 32, offset, block + i < wholeBlocks);
                    var s3 = Source(columns[lane + 3], zeroes, rest + 48, offset, block + i < wholeBlocks);
                    groupSums += Nibbles(s0, s1, s2, s3, destination, vectorBytes);
                    destination += step;
                }

                if (hasGroups)
                {
                    var scales = Vector128.Create(
                        (uint)*scaleRows[lane], *scaleRows[lane + 1], *scaleRows[lane + 2], *scaleRows[lane + 3]);
                    Vector128.Narrow(scales, scales).AsUInt64().GetLower().Store((ulong*)((ushort*)(start - ScaleDistance(panel)) + lane));
                    (Vector128.Load(scaledSums + lane) + (Vector128.ConvertToSingle(groupSums) * Vector128.ShiftLeft(scales, 16).AsSingle()))
                        .Store(scaledSums + lane);
                    for (var i = lane; i < lane + 4; i++)
                    {
                        scaleRows[i] += scaleRows[i] == noScale ? 0 : 1;
                    }
                }
                else
                {
                    (Vector128.Load(sums + lane) + groupSums).Store(sums + lane);
                }
            }

            block += blocksPerGroup;
        }

        var result = packed.ColumnSums + ((nint)panel * width * 4);
        Buffer.MemoryCopy(hasGroups ? (byte*)scaledSums : (byte*)sums, result, width * 4, width * 4);
    }

    /// <summary>A panel of 8-bit weights.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackBytes(int panel)
    {
        var packed = _packed;
        var (width, blockCount, wholeBlocks) = (packed.Width, packed.BlockCount, packed.K / RowQuantizer.BlockLength);
        var rest = stackalloc byte[4 * 32];
        var zeroes = stackalloc byte[32];
        new Span<byte>(zeroes, 32).Fill(Zeroes);
        var step = (packed.Kernels.HasSinglePanels ? 1 : packed.PanelsOf(panel / 2)) * packed.PanelBlockBytes;
        for (var lane = 0; lane < width; lane += 4)
        {
            var first = (panel * width) + lane;
            var (r0, r1, r2, r3) = ((nint)Row(first), (nint)Row(first + 1), (nint)Row(first + 2), (nint)Row(first + 3));
            var sums = Vector128<int>.Zero;
            var destination = Block(panel, 0, 0) + (lane * 4);
            for (var block = 0; block < blockCount; block++)
            {
                var offset = (nint)block * 32;
                var s0 = Source((byte*)r0, zeroes, rest, offset, block < wholeBlocks);
                var s1 = Source((byte*)r1, zeroes, rest + 32, offset, block < wholeBlocks);
                var s2 = Source((byte*)r2, zeroes, rest + 64, offset, block < wholeBlocks);
                var s3 = Source((byte*)r3, zeroes, rest + 96, offset, block < wholeBlocks);
                sums += Bytes(s0, s1, s2, s3, destination, width * 4, packed.Kernels.ByteOffset);
                destination += step;
            }

            sums.Store((int*)packed.ColumnSums + first);
        }
    }

    private byte* Row(int column) => column < _packed.N ? _weights + (column * _rowBytes) : null;

    /// <summary>A block of a row, or of zeroes where the column does not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Source(byte* row, byte* zeroes, byte* rest, nint offset, bool isWhole) =>
        row == null ? zeroes : isWhole ? row + offset : Rest(row + offset, (int)(_rowBytes - offset), rest);

    /// <summary>The last block of a row, filled up with zeroes.</summary>
    private byte* Rest(byte* source, int count, byte* rest)
    {
        var block = new Span<byte>(rest, IsInt8 ? 32 : 16);
        block.Fill(Zeroes);
        new ReadOnlySpan<byte>(source, count).CopyTo(block);
        if (!IsInt8 && _packed.K % 2 != 0)
        {
            block[count - 1] = (byte)((block[count - 1] & 0xF) | 0x80);
        }

        return rest;
    }

    /// <summary>Four columns' blocks of 4-bit weights, turned into lanes; gives the sums of their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Nibbles(byte* s0, byte* s1, byte* s2, byte* s3, byte* destination, nint stride)
    {
        Transpose(
            Vector128.Load((int*)s0), Vector128.Load((int*)s1), Vector128.Load((int*)s2), Vector128.Load((int*)s3),
            out var o0, out var o1, out var o2, out var o3);
        o0.Store((int*)destination);
        o1.Store((int*)(destination + stride));
        o2.Store((int*)(destination + (2 * stride)));
        o3.Store((int*)(destination + (3 * stride)));
        var mask = Vector128.Create(0x0F0F0F0F);

        // At most 8 times 15 in a byte.
        var bytes = ((o0 & mask) + (Vector128.ShiftRightLogical(o0, 4) & mask)) + ((o1 & mask) + (Vector128.ShiftRightLogical(o1, 4) & mask))
            + ((o2 & mask) + (Vector128.ShiftRightLogical(o2, 4) & mask)) + ((o3 & mask) + (Vector128.ShiftRightLogical(o3, 4) & mask));
        var pairs = (bytes & Vector128.Create(0x00FF00FF)) + (Vector128.ShiftRightLogical(bytes, 8) & Vector128.Create(0x00FF00FF));
        return (pairs & Vector128.Create(0xFFFF)) + Vector128.ShiftRightLogical(pairs, 16) - Vector128.Create(8 * RowQuantizer.BlockLength);
    }

    /// <summary>Four columns' blocks of 8-bit weights, turned into lanes; gives the sums of their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Bytes(byte* s0, byte* s1, byte* s2, byte* s3, byte* destination, nint stride, int offset)
    {
        var order = Vector128.Create((byte)0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
        var flip = Vector128.Create(offset * 0x01010101);
        var sums = Vector128<short>.Zero;
        for (var half = 0; half < 2; half++)
        {
            Transpose(
                Vector128.Shuffle(Vector128.Load(s0), order).AsInt32(), Vector128.Shuffle(Vector128.Load(s1), order).AsInt32(),
                Vector128.Shuffle(Vector128.Load(s2), order).AsInt32(), Vector128.Shuffle(Vector128.Load(s3), order).AsInt32(),
                out var o0, out var o1, out var o2, out var o3);
            (o0 ^ flip).Store((int*)destination);
            (o1 ^ flip).Store((int*)(destination + stride));
            (o2 ^ flip).Store((int*)(destination + (2 * stride)));
            (o3 ^ flip).Store((int*)(destination + (3 * stride)));
            sums += Pairs(o0) + Pairs(o1) + Pairs(o2) + Pairs(o3);
            destination += 4 * stride;
            s0 += 16;
            s1 += 16;
            s2 += 16;
            s3 += 16;
        }

        return ByteSimdVector128.Fold(sums.AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<int> bytes) =>
        ByteSimdVector128.EvenBytes(bytes).AsInt16() + ByteSimdVector128.OddBytes(bytes).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d,
        out Vector128<int> o0, out Vector128<int> o1, out Vector128<int> o2, out Vector128<int> o3)
    {
        if (Sse2.IsSupported)
        {
            var (ab, cd) = (Sse2.UnpackLow(a, b).AsInt64(), Sse2.UnpackLow(c, d).AsInt64());
            var (ab2, cd2) = (Sse2.UnpackHigh(a, b).AsInt64(), Sse2.UnpackHigh(c, d).AsInt64());
            o0 = Sse2.UnpackLow(ab, cd).AsInt32();
            o1 = Sse2.UnpackHigh(ab, cd).AsInt32();
            o2 = Sse2.UnpackLow(ab2, cd2).AsInt32();
            o3 = Sse2.UnpackHigh(ab2, cd2).AsInt32();
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            var (ab, cd) = (AdvSimd.Arm64.ZipLow(a, b).AsInt64(), AdvSimd.Arm64.ZipLow(c, d).AsInt64());
            var (ab2, cd2) = (AdvSimd.Arm64.ZipHigh(a, b).AsInt64(), AdvSimd.Arm64.ZipHigh(c, d).AsInt64());
            o0 = AdvSimd.Arm64.ZipLow(ab, cd).AsInt32();
            o1 = AdvSimd.Arm64.ZipHigh(ab, cd).AsInt32();
            o2 = AdvSimd.Arm64.ZipLow(ab2, cd2).AsInt32();
            o3 = AdvSimd.Arm64.ZipHigh(ab2, cd2).AsInt32();
        }
        else
        {
            o0 = Vector128.Create(a[0], b[0], c[0], d[0]);
            o1 = Vector128.Create(a[1], b[1], c[1], d[1]);
            o2 = Vector128.Create(a[2], b[2], c[2], d[2]);
            o3 = Vector128.Create(a[3], b[3], c[3], d[3]);
        }
    }
}
