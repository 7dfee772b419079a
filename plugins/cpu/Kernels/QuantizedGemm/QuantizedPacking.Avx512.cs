using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

internal sealed unsafe partial class QuantizedPacking
{
    // Far enough for memory, near enough for the first-level cache with sixteen rows.
    private const int PrefetchBytes = 256;

    /// <summary>A whole panel of sixteen columns of 4-bit weights, of whole blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackNibbles512(int panel)
    {
        var packed = _packed;
        var (groupCount, blocksPerGroup, rowBytes) = (packed.GroupCount, packed.BlocksPerGroup, _rowBytes);
        var step = packed.PanelsOf(panel / 2) * packed.PanelBlockBytes;
        var groupStep = (packed.PanelsOf(panel / 2) * packed.PanelScaleBytes) + (blocksPerGroup * step);
        var scaleDistance = ScaleDistance(panel);
        var hasGroups = packed.HasGroups;
        var source = _weights + ((nint)panel * 16 * rowBytes);
        var scales = _groupScales + ((nint)panel * 16 * groupCount);
        var start = Block(panel, 0, 0);
        var sums = Vector512<int>.Zero;
        var scaledSums = Vector512<float>.Zero;
        for (var group = 0; group < groupCount; group++)
        {
            var groupSums = Vector512<int>.Zero;
            var destination = start;
            for (var block = 0; block < blocksPerGroup; block++)
            {
                if (((nint)source & 63) < 16)
                {
                    Prefetch(source + PrefetchBytes, rowBytes);
                }

                // Register r holds columns r, 4 + r, 8 + r and 12 + r.
                var r0 = Columns(source, rowBytes);
                var r1 = Columns(source + rowBytes, rowBytes);
                var r2 = Columns(source + (2 * rowBytes), rowBytes);
                var r3 = Columns(source + (3 * rowBytes), rowBytes);
                var (low, low2) = (Avx512F.UnpackLow(r0, r1).AsInt64(), Avx512F.UnpackLow(r2, r3).AsInt64());
                var (high, high2) = (Avx512F.UnpackHigh(r0, r1).AsInt64(), Avx512F.UnpackHigh(r2, r3).AsInt64());
                r0 = Avx512F.UnpackLow(low, low2).AsInt32();
                r1 = Avx512F.UnpackHigh(low, low2).AsInt32();
                r2 = Avx512F.UnpackLow(high, high2).AsInt32();
                r3 = Avx512F.UnpackHigh(high, high2).AsInt32();
                r0.Store((int*)destination);
                r1.Store((int*)(destination + 64));
                r2.Store((int*)(destination + 128));
                r3.Store((int*)(destination + 192));

                // At most 8 times 15 in a byte.
                var bytes = Digits(r0) + Digits(r1) + Digits(r2) + Digits(r3);
                groupSums += Avx512BW.MultiplyAddAdjacent(
                    Avx512BW.MultiplyAddAdjacent(bytes.AsByte(), Vector512.Create((sbyte)1)), Vector512.Create((short)1));
                source += 16;
                destination += step;
            }

            groupSums -= Vector512.Create(8 * RowQuantizer.BlockLength * blocksPerGroup);
            if (hasGroups)
            {
                var s = scales + group;
                var bits = Vector256.Create(
                    s[0], s[groupCount], s[2 * groupCount], s[3 * groupCount], s[4 * groupCount], s[5 * groupCount], s[6 * groupCount], s[7 * groupCount],
                    s[8 * groupCount], s[9 * groupCount], s[10 * groupCount], s[11 * groupCount], s[12 * groupCount], s[13 * groupCount],
                    s[14 * groupCount], s[15 * groupCount]);
                bits.Store((ushort*)(start - scaleDistance));
                var factors = Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512Int32(bits), 16).AsSingle();
                scaledSums = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(groupSums), factors, scaledSums);
            }
            else
            {
                sums += groupSums;
            }

            start += groupStep;
        }

        (hasGroups ? scaledSums.AsInt32() : sums).Store((int*)packed.ColumnSums + (panel * 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Columns(byte* source, nint rowBytes)
    {
        var low = Vector256.Create(Vector128.Load(source), Vector128.Load(source + (4 * rowBytes)));
        var high = Vector256.Create(Vector128.Load(source + (8 * rowBytes)), Vector128.Load(source + (12 * rowBytes)));
        return Vector512.Create(low, high).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Digits(Vector512<int> value) => ByteSimdAvx512.LowNibbles(value) + ByteSimdAvx512.HighNibbles(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* source, nint rowBytes)
    {
        for (var i = 0; i < 16; i++)
        {
            Sse.Prefetch0(source);
            source += rowBytes;
        }
    }
}
