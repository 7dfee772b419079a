using System.Security.Cryptography;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.PackedCache;

public sealed class ContentDigestsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _bytes = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_is_untouched_is_hashed_once_over_processes()
    {
        using var handle = new FakeHandle(_bytes) { Stamp = "file 1" };
        var expected = Convert.ToHexStringLower(SHA256.HashData(_bytes));
        var first = Open();
        Assert.Equal([expected, expected], first.Of([handle, handle], null));
        var second = Open();
        Assert.Equal([expected], second.Of([handle], new FakeHost(2).Pool));
        Assert.Equal(0, second.HashedBytes);
    }

    [Fact]
    public void Graphs_that_share_a_folder_read_its_notes_once_and_the_oldest_states_make_room()
    {
        var folder = new PackedCacheFolder(_folder.Path, new FakeHost().Log, null);
        var options = new PackedCacheOptions(_folder.Path, 1 << 20);
        using var handle = new FakeHandle(_bytes) { Stamp = "file 1" };
        new ContentDigests(folder, options).Of([handle], null);
        var note = Assert.Single(Directory.GetFiles(_folder.Path, "*.notes"));
        File.Delete(note);
        Assert.Equal(0, Hashed(handle));
        for (var i = 2; i < 12; i++)
        {
            using var other = new FakeHandle(_bytes) { Stamp = $"file {i}" };
            Assert.Equal(_bytes.Length, Hashed(other));
            Assert.Equal(0, Hashed(other));
        }

        Assert.Equal(_bytes.Length, Hashed(handle));
        Assert.True(File.Exists(note));

        long Hashed(FakeHandle one)
        {
            var digests = new ContentDigests(folder, options);
            digests.Of([one], null);
            return digests.HashedBytes;
        }
    }

    [Fact]
    public void Another_state_of_the_file_another_place_and_other_memory_are_hashed()
    {
        using var handle = new FakeHandle(_bytes) { Stamp = "file 1" };
        Open().Of([handle], null);
        using var shorter = new FakeHandle(_bytes[..999]) { Stamp = "file 1" };
        using var written = new FakeHandle(_bytes) { Stamp = "file 2" };
        using var memory = new FakeHandle(_bytes);
        foreach (var other in (FakeHandle[])[shorter, written, memory])
        {
            var digests = Open();
            digests.Of([other], null);
            Assert.Equal(other.Length, digests.HashedBytes);
        }
    }

    [Fact]
    public void Bytes_without_a_stamp_leave_no_note()
    {
        using var handle = new FakeHandle(_bytes);
        Open().Of([handle], null);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.notes"));
    }

    [Fact]
    public void A_damaged_note_is_no_note()
    {
        using var handle = new FakeHandle(_bytes) { Stamp = "file 1" };
        var expected = Open().Of([handle], null);
        var path = Assert.Single(Directory.GetFiles(_folder.Path, "*.notes"));
        var good = File.ReadAllBytes(path);
        for (var i = 0; i < good.Length; i++)
        {
            byte[] damaged = [.. good];
            damaged[i] ^= 4;
            foreach (var bytes in (byte[][])[damaged, good[..i]])
            {
                File.WriteAllBytes(path, bytes);
                Assert.Equal(expected, Open().Of([handle], null));
            }
        }
    }

    private ContentDigests Open() =>
        new(new PackedCacheFolder(_folder.Path, new FakeHost().Log, null), new PackedCacheOptions(_folder.Path, 1 << 20));
}
