using System.Globalization;
using Tandem.Host.Formats;
using Tandem.Host.Tests.NamedData;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Formats;

public sealed unsafe class MappedPagesTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public void Released_ranges_leave_memory_together_and_keep_their_bytes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "resident pages of a mapping are read from /proc");
        using var folder = new TemporaryFolder();
        var bytes = Sources.Bytes(8 * Megabyte, 1);
        File.WriteAllBytes(folder.File("pages"), bytes);
        using var source = DataSource.FromFile(folder.File("pages"));
        var span = new ReadOnlySpan<byte>(source.Pointer, bytes.Length);
        Assert.True(span.SequenceEqual(bytes));
        Assert.Equal(bytes.Length, Resident(source));

        // A 32nd part may stay; what comes in pieces, in any order and with small gaps goes as a whole. Where the system maps large pages, more goes.
        for (var i = 63; i >= 0; i--)
        {
            source.ReleasePages(new DataRange((i * 65536) + 100, 65000));
        }

        Assert.InRange(Resident(source), 0, 4.3 * Megabyte);

        // The others are far from each other.
        for (var i = 0; i < 4; i++)
        {
            source.ReleasePages(new DataRange((4 + i) * Megabyte, Megabyte / 2));
        }

        Assert.InRange(Resident(source), 0, 2.6 * Megabyte);
        Assert.True(span.SequenceEqual(bytes));
        source.ReleasePages(new DataRange(0, bytes.Length));
        Assert.Equal(0, Resident(source));
    }

    private static long Resident(DataSource source)
    {
        var isInside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.StartsWith("Rss:", StringComparison.Ordinal) && isInside)
            {
                return long.Parse(line[4..^2].Trim(), CultureInfo.InvariantCulture) * 1024;
            }

            var range = line.Split(' ')[0].Split('-');
            if (range.Length == 2 && ulong.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var first))
            {
                isInside = first == (ulong)source.Pointer;
            }
        }

        throw new InvalidOperationException("the mapping is not listed");
    }
}
