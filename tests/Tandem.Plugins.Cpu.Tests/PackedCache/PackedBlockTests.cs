using System.Globalization;
using Tandem.Plugins.Cpu.PackedCache;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.PackedCache;

public sealed unsafe class PackedBlockTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData((2 << 20) - 1)]
    [InlineData(2 << 20)]
    [InlineData((16 << 20) + 4)]
    public void Memory_is_zeroed_aligned_and_can_be_written_to_its_end(int byteCount)
    {
        using var block = PackedBlock.Allocate(byteCount);
        var bytes = new Span<byte>(block.Memory, byteCount);
        Assert.Equal(0u, (nuint)block.Memory % 64);
        Assert.False(bytes.ContainsAnyExcept((byte)0));
        bytes.Fill(7);
        Assert.False(bytes.ContainsAnyExcept((byte)7));
    }

    [Fact]
    public void A_large_block_is_advised_to_lie_in_huge_pages()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/sys/kernel/mm/transparent_hugepage/enabled"), "the system has no transparent huge pages");
        using var block = PackedBlock.Allocate(64 << 20);
        Assert.Contains(" hg", FlagsAt((ulong)block.Memory + (32 << 20)));
    }

    // The line "VmFlags:" behind the range that holds the address.
    private static string FlagsAt(ulong address)
    {
        var isInside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var range = line.Split(' ')[0].Split('-');
            if (range.Length == 2 && ulong.TryParse(range[0], NumberStyles.HexNumber, null, out var first) && ulong.TryParse(range[1], NumberStyles.HexNumber, null, out var end))
            {
                isInside = address >= first && address < end;
            }
            else if (isInside && line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                return line;
            }
        }

        return "";
    }
}
