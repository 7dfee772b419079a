using Tandem.Plugins.Cpu.Kernels.MachineCode;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels.MachineCode;

public sealed unsafe class VnniTilesTests
{
    public VnniTilesTests() => Assert.SkipUnless(VnniTiles.IsSupported, "this CPU lacks AVX512_VNNI, or the system lets no program make code");

    [Theory]
    [InlineData(4, 1)]
    [InlineData(8, 1)]
    [InlineData(64, 1)]
    [InlineData(4, 9)]
    [InlineData(100, 3)]
    public void Every_tile_sums_the_products_of_bytes(int length, int segments)
    {
        for (var rows = 1; rows <= VnniTiles.MaxRows; rows++)
        {
            for (var panels = 1; panels <= VnniTiles.MaxPanels && rows * panels <= VnniTiles.MaxSums; panels++)
            {
                Check(rows, panels, length, segments, seed => new Random(seed));
            }
        }
    }

    [Theory]
    [InlineData(-128, -128)]
    [InlineData(-128, 127)]
    [InlineData(127, -128)]
    [InlineData(127, 127)]
    public void Extremes_do_not_saturate(int a, int b) => Check(4, 4, 256, 2, _ => null, (sbyte)a, (sbyte)b);

    private static void Check(int rows, int panels, int length, int segments, Func<int, Random?> random, sbyte fillA = 0, sbyte fillB = 0)
    {
        var gap = 16;
        var rowBytes = (length + gap) * segments;
        var a = new sbyte[rows * rowBytes];
        var b = new sbyte[panels * length * segments * 16];
        Array.Fill(a, fillA);
        Array.Fill(b, fillB);
        if (random(1) is { } source)
        {
            source.NextBytes((Span<byte>)(byte[])(object)a);
            source.NextBytes((Span<byte>)(byte[])(object)b);
        }

        var sums = new int[(rows * panels * 16) + 16];
        Array.Fill(sums, 77);
        var offsets = new nint[segments];
        for (var i = 0; i < segments; i++)
        {
            // Not in order, as the taps of a padded convolution are not.
            offsets[i] = (segments - 1 - i) * (length + gap);
        }

        fixed (sbyte* pa = a, pb = b)
        fixed (int* ps = sums)
        fixed (nint* po = offsets)
        {
            var arguments = new VnniTileArguments
            {
                Offsets = po,
                SegmentCount = segments,
                SegmentLength = length,
                B = pb,
                PanelStride = length * segments * 16,
                Sums = ps,
            };
            for (var row = 0; row < rows; row++)
            {
                arguments.Rows[row] = (nint)(pa + (row * rowBytes));
            }

            VnniTiles.Tile(rows, panels)(&arguments);
        }

        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < panels * 16; column++)
            {
                var expected = 0;
                for (var s = 0; s < segments; s++)
                {
                    for (var k = 0; k < length; k++)
                    {
                        var w = b[(column / 16 * length * segments * 16) + (((s * length) + k) / 4 * 64) + (column % 16 * 4) + (k % 4)];
                        expected += (a[(row * rowBytes) + (int)offsets[s] + k] + 128) * w;
                    }
                }

                Assert.Equal(expected, sums[(row * panels * 16) + column]);
            }
        }

        Assert.All(sums[(rows * panels * 16)..], value => Assert.Equal(77, value));
    }
}
