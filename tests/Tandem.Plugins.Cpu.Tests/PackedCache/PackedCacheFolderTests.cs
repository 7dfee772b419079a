using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.PackedCache;

public sealed unsafe class PackedCacheFolderTests : IDisposable
{
    private const int Size = 10_000;
    private static readonly long FileSize = PackedFile.FileBytes(Size);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_longest_unused_goes_first_and_the_bound_holds()
    {
        var folder = Open();
        for (var i = 0; i < 3; i++)
        {
            Store(folder, i, 3 * FileSize)!.Dispose();
            Age(i, TimeSpan.FromHours(3 - i));
        }

        // The oldest is used again: it is the youngest now.
        folder.TryOpen(Key(0), Size)!.Dispose();
        Store(folder, 3, 3 * FileSize)!.Dispose();
        Assert.Equal([true, false, true, true], Enumerable.Range(0, 4).Select(i => File.Exists(PathOf(i))));
        Assert.True(Total() <= 3 * FileSize);
        Assert.Equal(1, folder.Removed);
    }

    [Fact]
    public void What_this_process_maps_stays_and_what_finds_no_room_is_not_written()
    {
        var folder = Open();
        using var first = Store(folder, 0, 2 * FileSize)!;
        using var second = Store(folder, 1, 2 * FileSize)!;
        Age(0, TimeSpan.FromDays(1));
        Assert.Null(Store(folder, 2, 2 * FileSize));
        Assert.Equal(2, CachedProgram.Files(_folder.Path).Length);
        Assert.Null(Store(folder, 3, FileSize - 1));
        first.Dispose();
        using var third = Store(folder, 2, 2 * FileSize);
        Assert.NotNull(third);
        Assert.Equal([false, true, true], Enumerable.Range(0, 3).Select(i => File.Exists(PathOf(i))));
    }

    [Fact]
    public void Files_that_a_dead_writer_left_go_and_files_of_others_stay()
    {
        var abandoned = Path.Combine(_folder.Path, "x.packed.1.tmp");
        var writing = Path.Combine(_folder.Path, "y.packed.2.tmp");
        var foreign = Path.Combine(_folder.Path, "readme.txt");
        foreach (var path in (string[])[abandoned, writing, foreign])
        {
            File.WriteAllBytes(path, new byte[100]);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TimeSpan.FromHours(path == writing ? 0 : 1));
        }

        Store(Open(), 0, FileSize)!.Dispose();
        Assert.Equal([false, true, true], new[] { abandoned, writing, foreign }.Select(File.Exists));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_no_error()
    {
        var folder = Open();
        Directory.Delete(_folder.Path, true);
        Assert.Null(folder.TryOpen(Key(0), Size));
        Assert.Null(Store(folder, 0, FileSize));
        Directory.CreateDirectory(_folder.Path);
        using var stored = Store(folder, 0, FileSize);
        Assert.NotNull(stored);
    }

    [Fact]
    public void The_folder_is_its_owners_alone()
    {
        var path = Path.Combine(_folder.Path, "a", "b");
        _ = new PackedCacheFolder(path, new FakeHost().Log, null);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void A_checksum_does_not_depend_on_threads_and_sees_every_byte()
    {
        var bytes = new byte[3_000_001];
        new Random(5).NextBytes(bytes);
        var pool = new FakeHost(3).Pool;
        fixed (byte* memory = bytes)
        {
            var sum = ContentChecksum.Compute(memory, bytes.Length, null);
            Assert.Equal(sum, ContentChecksum.Compute(memory, bytes.Length, pool));
            for (var i = 0; i < bytes.Length; i += 131_071)
            {
                bytes[i] ^= 16;
                Assert.NotEqual(sum, ContentChecksum.Compute(memory, bytes.Length, null));
                bytes[i] ^= 16;
            }

            Assert.NotEqual(sum, ContentChecksum.Compute(memory, bytes.Length - 1, null));
        }
    }

    private PackedCacheFolder Open() => new(_folder.Path, new FakeHost().Log, null);

    private static PackedKey Key(int index) => PackedKey.Create("test", [$"{index}"]);

    private string PathOf(int index) => Path.Combine(_folder.Path, Key(index).Name + ".packed");

    private void Age(int index, TimeSpan age) => File.SetLastWriteTimeUtc(PathOf(index), DateTime.UtcNow - age);

    private long Total() => Directory.GetFiles(_folder.Path).Sum(path => new FileInfo(path).Length);

    private static PackedBlock? Store(PackedCacheFolder folder, int index, long maxBytes)
    {
        using var block = PackedBlock.Allocate(Size);
        new Span<byte>(block.Memory, Size).Fill((byte)index);
        return folder.TryStore(Key(index), block, maxBytes);
    }
}
