using CsCheck;
using Tandem.Host.Formats;
using Tandem.Host.NamedData;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.NamedData;

public sealed unsafe class BlobRegistryTests
{
    private readonly BlobRegistry _registry = new();

    [Fact]
    public void I4_one_range_is_one_load()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(256, 1));
        using var first = _registry.Open(source, new DataRange(0, 128));
        using var second = _registry.Open(source, new DataRange(0, 128));

        Assert.True(first.Pointer == second.Pointer);
        Assert.True(first.Pointer == source.Pointer, "the bytes are used where they lie");
        Assert.Equal(new LoadStatistics(1, 1, 1, 128, 2), _registry.Statistics);
    }

    [Fact]
    public void I4_equal_content_of_two_sources_is_one_load_and_outlives_either()
    {
        var bytes = Sources.Bytes(4096, 2);
        var a = Sources.OfStream("a", bytes);
        var b = Sources.OfStream("b", new byte[64], bytes);
        var first = _registry.Open(a, new DataRange(0, 4096));
        var second = _registry.Open(b, new DataRange(64, 4096));

        Assert.True(first.Pointer == second.Pointer);
        Assert.Equal(first.ContentId, second.ContentId);
        Assert.Equal(1, _registry.Statistics.PhysicalLoads);

        first.Dispose();
        a.Dispose();
        b.Dispose();
        Assert.True(second.Span.SequenceEqual(bytes), "the second holder keeps the first source's bytes");
        Assert.False(Sources.IsFreed(a));
        Assert.True(Sources.IsFreed(b), "the source whose bytes are not used is free");
        second.Dispose();
        Assert.True(Sources.IsFreed(a));
    }

    [Fact]
    public void A_content_keeps_its_identity_while_its_source_is_open_and_nobody_holds_it()
    {
        var bytes = Sources.Bytes(4096, 2);
        ContentId content;
        using (var source = Sources.OfStream("first", bytes))
        {
            using (var handle = _registry.Open(source, new DataRange(0, 2048)))
            {
                content = handle.ContentId;
            }

            using var again = _registry.Open(source, new DataRange(0, 2048));
            using var other = _registry.Open(source, new DataRange(1024, 2048));
            Assert.Equal(content, again.ContentId);
            Assert.NotEqual(content, other.ContentId);
        }

        using var later = Sources.OfStream("later", bytes);
        using var loaded = _registry.Open(later, new DataRange(0, 2048));
        Assert.NotEqual(content, loaded.ContentId);
    }

    [Fact]
    public void A_source_that_is_gone_is_forgotten_while_a_blob_of_its_content_lives()
    {
        var bytes = Sources.Bytes(4096, 2);
        using var first = Sources.OfStream("first", bytes);
        using var held = _registry.Open(first, new DataRange(0, 4096));
        var before = _registry.OriginCount;
        for (var i = 0; i < 10; i++)
        {
            using var source = Sources.OfStream("later", bytes);
            using var handle = _registry.Open(source, new DataRange(0, 4096));
            Assert.True(handle.Pointer == held.Pointer);
        }

        Assert.Equal(before, _registry.OriginCount);
    }

    [Fact]
    public void Bytes_of_a_mapped_file_name_its_state_and_leave_memory_without_changing()
    {
        using var folder = new TemporaryFolder();
        var bytes = Sources.Bytes(100_000, 3);
        File.WriteAllBytes(folder.File("a"), bytes);
        using var file = DataSource.FromFile(folder.File("a"));
        using var handle = _registry.Open(file, new DataRange(64, 90_000));
        using var copy = _registry.Open(Sources.OfStream("b", bytes), new DataRange(0, 64));
        Assert.Equal((64, -1), (handle.FileOffset, copy.FileOffset));
        Assert.Null(copy.FileStamp);

        // A file that was written just now could be written again without showing it.
        Assert.Null(handle.FileStamp);
        using var system = File.OpenHandle(folder.File("a"));
        var (soon, late) = (DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddSeconds(10));
        Assert.Null(FileState.Name(system, soon));
        var name = FileState.Name(system, late);
        if (OperatingSystem.IsLinux())
        {
            Assert.NotNull(name);
            Assert.Equal(name, FileState.Name(system, late));
            File.WriteAllBytes(folder.File("c"), bytes);
            using var other = File.OpenHandle(folder.File("c"));
            Assert.NotEqual(name, FileState.Name(other, late));
            File.SetLastWriteTimeUtc(folder.File("a"), File.GetLastWriteTimeUtc(folder.File("a")));
            Assert.NotEqual(name, FileState.Name(system, late));
        }

        handle.ReleasePages(0, 90_000);
        handle.ReleasePages(5, 0);
        Assert.True(handle.Span.SequenceEqual(bytes.AsSpan(64, 90_000)));
        copy.ReleasePages(0, 64);
        Assert.True(copy.Span.SequenceEqual(bytes.AsSpan(0, 64)));
        foreach (var (offset, length) in new[] { (-1L, 1L), (0, -1), (0, 90_001), (90_000, 1), (long.MaxValue, long.MaxValue) })
        {
            Sources.Throws(ErrorCode.ArgumentInvalid, () => handle.ReleasePages(offset, length));
        }
    }

    [Fact]
    public void I4_equal_content_of_two_mapped_files_is_one_load()
    {
        using var folder = new TemporaryFolder();
        var bytes = Sources.Bytes(10_000, 3);
        File.WriteAllBytes(folder.File("a"), bytes);
        File.WriteAllBytes(folder.File("b"), bytes);
        using var a = DataSource.FromFile(folder.File("a"));
        using var b = DataSource.FromFile(folder.File("b"));
        using var first = _registry.Open(a, new DataRange(0, bytes.Length));
        using var second = _registry.Open(b, new DataRange(0, bytes.Length));

        Assert.True(a.IsMapped);
        Assert.True(first.Pointer == second.Pointer);
        Assert.Equal(1, _registry.Statistics.PhysicalLoads);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(2048)]
    [InlineData(4095)]
    public void I4_bytes_that_differ_anywhere_are_two_loads(int position)
    {
        var bytes = Sources.Bytes(4096, 4);
        var other = (byte[])bytes.Clone();
        other[position] ^= 1;
        using var source = Sources.OfStream("a", bytes, other);
        using var first = _registry.Open(source, new DataRange(0, 4096));
        using var second = _registry.Open(source, new DataRange(4096, 4096));

        Assert.Equal(2, _registry.Statistics.PhysicalLoads);
        Assert.NotEqual(first.ContentId, second.ContentId);
        Assert.True(second.Span.SequenceEqual(other));
    }

    [Fact]
    [ProducesError(ErrorCode.NamedDataReleased)]
    public void I5_the_handle_refuses_everything_after_release_and_a_second_dispose_does_nothing()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(64, 5));
        var handle = _registry.Open(source, new DataRange(0, 64));
        using var other = handle.AddReference();
        handle.Dispose();
        handle.Dispose();

        Sources.Throws(ErrorCode.NamedDataReleased, () => _ = handle.Pointer == null);
        Sources.Throws(ErrorCode.NamedDataReleased, () => _ = handle.Length);
        Sources.Throws(ErrorCode.NamedDataReleased, () => _ = handle.Span.Length);
        Sources.Throws(ErrorCode.NamedDataReleased, () => _ = handle.Alignment);
        Sources.Throws(ErrorCode.NamedDataReleased, () => _ = handle.ContentId);
        Sources.Throws(ErrorCode.NamedDataReleased, () => handle.AddReference());
        Assert.Equal(1, _registry.Statistics.LiveHandles);
    }

    [Fact]
    public void I5_handles_released_in_any_order_free_the_source_at_the_last_one_only()
    {
        Gen.Shuffle(new[] { 0, 1, 2, 3, 4, 5 }).Sample(order =>
        {
            var registry = new BlobRegistry();
            var bytes = Sources.Bytes(512, 6);
            var source = Sources.OfStream("a", bytes);
            var handles = new List<DataHandle> { registry.Open(source, new DataRange(0, 512)) };
            for (var i = 1; i < 6; i++)
            {
                handles.Add(i % 2 == 0 ? handles[i - 1].AddReference() : registry.Open(source, new DataRange(0, 512)));
            }

            source.Dispose();
            for (var i = 0; i < order.Length; i++)
            {
                Assert.False(Sources.IsFreed(source));
                Assert.True(handles[order[i]].Span.SequenceEqual(bytes));
                handles[order[i]].Dispose();
            }

            Assert.True(Sources.IsFreed(source));
            Assert.Equal(0, registry.Statistics.LiveBlobs);
            Assert.Equal(0, registry.Statistics.LiveHandles);
        }, iter: 60);
    }

    [Fact]
    public void I5_a_forgotten_handle_is_released_by_its_finalizer()
    {
        var source = Sources.OfStream("a", Sources.Bytes(64, 7));
        Forget(_registry, source);
        source.Dispose();
        for (var i = 0; i < 50 && !Sources.IsFreed(source); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.True(Sources.IsFreed(source));
        Assert.Equal(0, _registry.Statistics.LiveBlobs);
    }

    [Fact]
    public void I5_content_that_was_released_is_loaded_again()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(64, 8));
        _registry.Open(source, new DataRange(0, 64)).Dispose();
        using var again = _registry.Open(source, new DataRange(0, 64));
        Assert.Equal(2, _registry.Statistics.PhysicalLoads);
    }

    [Fact]
    public void I5_no_content_ever_gets_the_identity_of_one_that_was_released()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(64, 8));
        var first = _registry.Open(source, new DataRange(0, 64));
        var id = first.ContentId;
        first.Dispose();
        using var copy = Sources.OfStream("b", Sources.Bytes(64, 8));
        using var again = _registry.Open(copy, new DataRange(0, 64));
        using var shorter = _registry.Open(source, new DataRange(0, 32));
        using var elsewhere = new BlobRegistry().Open(source, new DataRange(0, 64));
        Assert.Equal(5, new HashSet<ContentId> { default, id, again.ContentId, shorter.ContentId, elsewhere.ContentId }.Count);
    }

    [Fact]
    public void I5_a_released_source_is_refused()
    {
        var source = Sources.OfStream("a", Sources.Bytes(64, 9));
        source.Dispose();
        Sources.Throws(ErrorCode.ObjectReleased, () => _registry.Open(source, new DataRange(0, 64)));
        Assert.Equal(0, _registry.Statistics.PhysicalLoads);
    }

    [Fact]
    public void I8_the_bytes_of_a_mapped_file_are_mapped_without_write_permission()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the permissions of a mapping are read from /proc");
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("weights"), Sources.Bytes(8192, 10));
        using var source = DataSource.FromFile(folder.File("weights"));
        using var handle = _registry.Open(source, new DataRange(4096, 1024));
        var address = (ulong)handle.Pointer;
        var line = File.ReadLines("/proc/self/maps").Single(text =>
        {
            var range = text[..text.IndexOf(' ')].Split('-');
            return Convert.ToUInt64(range[0], 16) <= address && address < Convert.ToUInt64(range[1], 16);
        });

        Assert.EndsWith("weights", line);
        Assert.StartsWith("r--", line[(line.IndexOf(' ') + 1)..]);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(4096)]
    public void I12_every_requester_gets_its_alignment(int alignment)
    {
        var bytes = Sources.Bytes(1000, 11);
        using var source = Sources.OfStream("a", new byte[16], bytes);
        using var plain = _registry.Open(source, new DataRange(16, 1000));
        using var aligned = _registry.Open(source, new DataRange(16, 1000), alignment: alignment);
        using var again = _registry.Open(source, new DataRange(16, 1000), alignment: alignment);
        using var lax = _registry.Open(source, new DataRange(16, 1000));

        Assert.Equal(0u, (nuint)aligned.Pointer % (nuint)alignment);
        Assert.True(aligned.Alignment >= alignment);
        Assert.True(aligned.Pointer == again.Pointer && again.Pointer == lax.Pointer);
        Assert.True(aligned.Span.SequenceEqual(bytes));
        Assert.Equal(plain.ContentId, aligned.ContentId);
        Assert.InRange(_registry.Statistics.PhysicalLoads, 1, 2);
    }

    [Fact]
    public void I12_bytes_at_an_odd_offset_are_copied_once_to_sixteen()
    {
        var bytes = Sources.Bytes(100, 12);
        using var source = Sources.OfStream("a", new byte[3], bytes);
        using var first = _registry.Open(source, new DataRange(3, 100));
        using var second = _registry.Open(source, new DataRange(3, 100));
        Assert.Equal(0u, (nuint)first.Pointer % 16);
        Assert.True(first.Pointer == second.Pointer && first.Span.SequenceEqual(bytes));
        Assert.Equal(1, _registry.Statistics.PhysicalLoads);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-16)]
    [InlineData(24)]
    public void An_impossible_alignment_is_refused(int alignment)
    {
        using var source = Sources.OfStream("a", new byte[64]);
        Sources.Throws(ErrorCode.ArgumentInvalid, () => _registry.Open(source, new DataRange(0, 16), alignment: alignment));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 65)]
    [InlineData(64, 1)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(0, -1)]
    public void A_range_outside_the_source_is_refused(long offset, long length)
    {
        using var source = Sources.OfStream("a", new byte[64]);
        Sources.Throws(ErrorCode.SegmentOutOfRange, () => _registry.Open(source, new DataRange(offset, length)));
    }

    [Fact]
    public void Empty_data_has_length_zero_and_no_pointer()
    {
        using var source = Sources.OfStream("a", new byte[64]);
        using var handle = _registry.Open(source, new DataRange(64, 0));
        Assert.Equal(0, handle.Length);
        Assert.True(handle.Pointer == null);
        Assert.True(handle.Span.IsEmpty);
        Assert.Equal(0, handle.ContentId.Length);
    }

    [Fact]
    public void I11_T7_64_threads_load_one_content_once()
    {
        var bytes = Sources.Bytes(1 << 16, 13);
        using var a = Sources.OfStream("a", bytes);
        using var b = Sources.OfStream("b", bytes);
        var handles = new DataHandle[64];
        Race.Run(64, i => handles[i] = _registry.Open(i % 2 == 0 ? a : b, new DataRange(0, bytes.Length)));

        Assert.Equal(1, _registry.Statistics.PhysicalLoads);
        Assert.Equal(64, _registry.Statistics.LiveHandles);
        Race.Run(64, i => handles[i].Dispose());
        Assert.Equal(0, _registry.Statistics.LiveBlobs);
    }

    [Fact]
    public void I11_T4_the_nth_load_fails_and_poisons_nothing()
    {
        for (var fail = 1; fail <= 4; fail++)
        {
            var registry = new BlobRegistry();
            var calls = 0;
            var n = fail;
            registry.BeforeLoad = (_, _) =>
            {
                if (++calls == n)
                {
                    throw new OutOfMemoryException();
                }
            };
            var source = Sources.OfStream("a", Sources.Bytes(64, 14), Sources.Bytes(64, 15), Sources.Bytes(64, 16), Sources.Bytes(64, 17));
            var handles = new List<DataHandle>();
            for (var i = 0; i < 4; i++)
            {
                var range = new DataRange(64 * i, 64);
                if (i == n - 1)
                {
                    Sources.Throws(ErrorCode.OutOfMemory, () => registry.Open(source, range));
                }

                handles.Add(registry.Open(source, range));
            }

            Assert.Equal(4, registry.Statistics.PhysicalLoads);
            handles.ForEach(handle => handle.Dispose());
            source.Dispose();
            Assert.True(Sources.IsFreed(source), "the failed load keeps no reference");
            Assert.Equal(0, registry.Statistics.LiveBlobs);
        }
    }

    [Fact]
    public void I5_disposing_while_others_add_references_is_a_typed_error_or_a_live_handle()
    {
        for (var round = 0; round < 300; round++)
        {
            var source = Sources.OfStream("a", Sources.Bytes(64, round));
            var handle = _registry.Open(source, new DataRange(0, 64));
            source.Dispose();
            Race.Run(3, i =>
            {
                if (i == 0)
                {
                    handle.Dispose();
                    return;
                }

                try
                {
                    using var mine = handle.AddReference();
                    Assert.Equal(64, mine.Span.Length);
                }
                catch (TandemException error)
                {
                    Assert.Equal(ErrorCode.NamedDataReleased, error.Code);
                }
            });
            Assert.True(Sources.IsFreed(source));
        }

        Assert.Equal(0, _registry.Statistics.LiveBlobs);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Forget(BlobRegistry registry, DataSource source) => registry.Open(source, new DataRange(0, 64));
}
