using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.PackedCache;

/// <summary>
/// What has gone wrong in ExecuTorch's cache of packed weights, each under the number of its issue. Each program has a runtime of its own, as another
/// process would.
/// </summary>
/// <remarks>
/// #17257 (mapping the file is slow) is a matter of one file for everything, mapped as a whole: here a load opens the files that it uses and looks at no
/// other, which is tested. #17669 (a crash in comparing memory on one vendor's phones) is tested as what it can be here: whatever a file holds, nothing of
/// it is compared or followed before its length, header and checksum are right.
/// </remarks>
public sealed class WeightCacheHistoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly float[] _expected;

    public WeightCacheHistoryTests()
    {
        using var program = new CachedProgram(null);
        _expected = program.Run();
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void N19603_the_option_of_a_load_has_its_effect_or_is_refused()
    {
        using (var first = new CachedProgram(_folder.Path))
        {
            Assert.Equal((0, CachedProgram.Forms), (first.Cache.Found, first.Cache.Stored));
            Assert.Equal(CachedProgram.Forms, first.Cache.MappedCount);
        }

        using (var second = new CachedProgram(_folder.Path))
        {
            Assert.Equal((CachedProgram.Forms, 0), (second.Cache.Found, second.Cache.Stored));
            Assert.Equal(_expected, second.Run());
        }

        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        foreach (var (folder, bytes) in new[] { ("relative", "1"), (file, "1"), (_folder.Path, "0"), (_folder.Path, "-1"), (_folder.Path, "much"), ("/a\0b", "1") })
        {
            var error = Assert.Throws<TandemException>(
                () => new CachedProgram(folder, options: new Dictionary<string, string> { ["packed_cache_bytes"] = bytes }));
            Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
            Assert.StartsWith("packed_cache", error.Details.Location);
        }
    }

    [Fact]
    public void N20337_a_file_that_is_mapped_is_never_cut_short_or_written()
    {
        using var first = new CachedProgram(_folder.Path);
        Assert.Equal(_expected, first.Run());

        // Another process finds every file damaged, and makes it again, while the first has the good ones mapped.
        var kept = CachedProgram.Files(_folder.Path).ToDictionary(path => path, File.ReadAllBytes);
        foreach (var (path, bytes) in kept)
        {
            var damaged = path + ".new";
            File.WriteAllBytes(damaged, bytes[..^100]);
            File.Move(damaged, path, overwrite: true);
        }

        using (var second = new CachedProgram(_folder.Path))
        {
            Assert.Equal((CachedProgram.Forms, CachedProgram.Forms), (second.Cache.Rejected, second.Cache.Stored));
            Assert.Equal(_expected, second.Run());
            Assert.Equal(_expected, first.Run());
        }

        foreach (var (path, bytes) in kept)
        {
            Assert.Equal(bytes, File.ReadAllBytes(path));
            File.Delete(path);
        }

        Assert.Equal(_expected, first.Run());
    }

    [Fact]
    public void N20337_the_folder_of_one_program_is_not_the_folder_of_another()
    {
        using var other = new TemporaryFolder();
        using (new CachedProgram(_folder.Path))
        using (var second = new CachedProgram(other.Path))
        using (new CachedProgram(null))
        {
            Assert.Equal(CachedProgram.Forms, second.Cache.Stored);
        }

        Assert.Equal(CachedProgram.Files(_folder.Path).Select(Path.GetFileName), CachedProgram.Files(other.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void N19988_loading_again_and_again_maps_the_same_files_and_leaves_none()
    {
        using (var first = new CachedProgram(_folder.Path))
        {
        }

        for (var i = 0; i < 30; i++)
        {
            PackedCacheFolder cache;
            using (var program = new CachedProgram(_folder.Path))
            {
                cache = program.Cache;
                Assert.Equal((CachedProgram.Forms, 0), (cache.MappedCount, cache.Stored));
            }

            Assert.Equal(0, cache.MappedCount);
        }
    }

    [Fact]
    public void N20833_the_folder_does_not_grow_when_a_program_is_loaded_again()
    {
        using (new CachedProgram(_folder.Path))
        {
        }

        var before = Directory.GetFiles(_folder.Path).Order().ToDictionary(path => path, path => new FileInfo(path).Length);
        for (var i = 0; i < 5; i++)
        {
            using var program = new CachedProgram(_folder.Path);
        }

        Assert.Equal(before, Directory.GetFiles(_folder.Path).Order().ToDictionary(path => path, path => new FileInfo(path).Length));
    }

    [Fact]
    public void N20170_another_build_another_layout_another_rung_is_another_entry()
    {
        var names = new[]
        {
            PackedKey.CreateFor("build 1, avx2", "gemm v1", ["digest"]),
            PackedKey.CreateFor("build 2, avx2", "gemm v1", ["digest"]),
            PackedKey.CreateFor("build 1, avx512", "gemm v1", ["digest"]),
            PackedKey.CreateFor("build 1, avx2", "gemm v2", ["digest"]),
            PackedKey.CreateFor("build 1, avx2", "gemm v1", ["digest", null]),
            PackedKey.Create("gemm v1", ["digest"]),
        };
        Assert.Equal(names.Length, names.Select(key => key.Name).Distinct().Count());
        Assert.Equal(PackedKey.Create("gemm v1", ["digest"]).Name, names[^1].Name);

        using (new CachedProgram(_folder.Path, isa: "scalar"))
        {
        }

        using var program = new CachedProgram(_folder.Path, isa: "vector128");
        Assert.Equal((0, CachedProgram.Forms), (program.Cache.Found, program.Cache.Stored));
    }

    [Fact]
    public void N19682_first_loads_at_the_same_time_make_each_entry_once()
    {
        var failures = new List<Exception>();
        var stored = 0;
        using var start = new Barrier(6);
        var threads = Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                for (var i = 0; i < 5; i++)
                {
                    using var program = new CachedProgram(_folder.Path);
                    Assert.Equal(_expected, program.Run());
                    Interlocked.Add(ref stored, program.Cache.Stored);
                }
            }
            catch (Exception error)
            {
                lock (failures)
                {
                    failures.Add(error);
                }
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Empty(failures);
        Assert.Equal(CachedProgram.Forms, stored);
        Assert.Equal(CachedProgram.Forms, CachedProgram.Files(_folder.Path).Length);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
    }

    [Fact]
    public void N18295_programs_without_constants_or_bias_and_options_without_values_load()
    {
        var writer = new PayloadWriter();
        writer.Unary(Tandem.Plugins.Cpu.Payload.PayloadNodeKind.Negate, writer.Input(4), writer.Output(4));
        using var runner = new DelegateRunner(writer, 2, options: [new("packed_cache", _folder.Path)]);
        var output = runner.Tensor(ScalarType.Float, [4]);
        runner.Execute(runner.Floats([1, 2, 3, 4], 4), output);
        Assert.Equal([-1, -2, -3, -4], output.AsReadOnlySpan<float>().ToArray());
        Assert.Empty(CachedProgram.Files(_folder.Path));

        using var program = new CachedProgram(null, options: new Dictionary<string, string> { ["packed_cache"] = "", ["packed_cache_bytes"] = "" });
        Assert.Equal(_expected, program.Run());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public unsafe void N15090_mapped_bytes_are_aligned_and_readable_past_their_end(int length)
    {
        var folder = new PackedCacheFolder(_folder.Path, new FakeHost().Log, null);
        var key = PackedKey.Create("test", [$"{length}"]);
        using var packed = PackedBlock.Allocate(length);
        TestData.Numbers((length + 3) / 4).AsSpan(0, length / 4).CopyTo(new Span<float>(packed.Memory, length / 4));
        using var mapped = folder.TryStore(key, packed, 1 << 20)!;
        Assert.True(mapped.IsMapped);
        Assert.Equal(0u, (nuint)mapped.Memory % 64);
        Assert.Equal(new ReadOnlySpan<byte>(packed.Memory, length), new ReadOnlySpan<byte>(mapped.Memory, length));
        Assert.Equal(new byte[64], new ReadOnlySpan<byte>(mapped.Memory + length, 64).ToArray());
    }

    [Fact]
    public void N19777_sessions_that_share_workspace_and_cache_compute_the_same()
    {
        using (new CachedProgram(_folder.Path))
        {
        }

        // Two delegates of one session work in one memory, over weights of one file.
        using var first = new CachedProgram(_folder.Path);
        using var second = first.Again();
        using var third = first.Again(sessionId: 2);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(_expected, first.Run());
            Assert.Equal(_expected, first.Run(second));
            Assert.Equal(_expected, first.Run(third));
        }

        Assert.Equal(CachedProgram.Forms, first.Cache.Found);
    }

    [Fact]
    public void N17669_whatever_a_file_holds_it_is_refused_or_gives_the_right_numbers()
    {
        using (new CachedProgram(_folder.Path))
        {
        }

        var path = CachedProgram.Files(_folder.Path)[0];
        var good = File.ReadAllBytes(path);
        var damages = new List<byte[]>();
        for (var i = 0; i < 80; i++)
        {
            damages.Add(With(good, i, (byte)(good[i] ^ (1 << (i % 8)))));
        }

        for (var i = 80; i < good.Length - 64; i += 97)
        {
            damages.Add(With(good, i, (byte)(good[i] + 1)));
        }

        for (var length = 0; length < good.Length; length += length < 128 ? 1 : 1009)
        {
            damages.Add(good[..length]);
        }

        damages.Add([.. good, 0]);
        damages.Add(new byte[good.Length]);
        damages.Add([.. good[..4096], .. new byte[good.Length - 4096]]);
        foreach (var damaged in damages)
        {
            Replace(path, damaged);
            using var program = new CachedProgram(_folder.Path);
            Assert.Equal((1, 1), (program.Cache.Rejected, program.Cache.Stored));
            Assert.Equal(_expected, program.Run());
        }

        Assert.Equal(good, File.ReadAllBytes(path));
    }

    [Fact]
    public void N14165_keys_are_compared_whole()
    {
        Assert.NotEqual(PackedKey.CreateFor("a", "bc", ["d"]).Name, PackedKey.CreateFor("ab", "c", ["d"]).Name);
        Assert.NotEqual(PackedKey.CreateFor("a", "b", ["cd", "e"]).Name, PackedKey.CreateFor("a", "b", ["c", "de"]).Name);
        Assert.NotEqual(PackedKey.CreateFor("a", "b", ["c"]).Name, PackedKey.CreateFor("a", "b", ["c", ""]).Name);
        Assert.NotEqual(PackedKey.CreateFor("a", "b", [""]).Name, PackedKey.CreateFor("a", "b", [null]).Name);

        // Whole files of equal length under each other's names: each says whose it is.
        using (new CachedProgram(_folder.Path, seed: 1))
        using (new CachedProgram(_folder.Path, seed: 100))
        {
        }

        var pairs = CachedProgram.Files(_folder.Path).GroupBy(path => new FileInfo(path).Length).Where(group => group.Count() == 2).ToList();
        Assert.NotEmpty(pairs);
        foreach (var pair in pairs)
        {
            var (a, b) = (File.ReadAllBytes(pair.First()), File.ReadAllBytes(pair.Last()));
            Replace(pair.First(), b);
            Replace(pair.Last(), a);
        }

        using var program = new CachedProgram(_folder.Path);
        Assert.Equal(_expected, program.Run());
        Assert.Equal(pairs.Count, program.Cache.Rejected);
    }

    [Fact]
    public void N17257_a_load_opens_the_files_that_it_uses_and_no_other()
    {
        using (new CachedProgram(_folder.Path))
        {
        }

        for (var i = 0; i < 200; i++)
        {
            File.WriteAllBytes(Path.Combine(_folder.Path, $"{i:x64}.packed"), [1, 2, 3]);
        }

        using var program = new CachedProgram(_folder.Path);
        Assert.Equal((CachedProgram.Forms, 0, CachedProgram.Forms), (program.Cache.Found, program.Cache.Rejected, program.Cache.MappedCount));
    }

    [Fact]
    public void N17301_a_load_and_a_call_wait_for_no_writer()
    {
        using (new CachedProgram(_folder.Path))
        {
        }

        // A writer that holds the folder all the time.
        using var writer = File.OpenHandle(Path.Combine(_folder.Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        using (var found = new CachedProgram(_folder.Path))
        {
            Assert.Equal(CachedProgram.Forms, found.Cache.Found);
            Assert.Equal(_expected, found.Run());
        }
    }

    [Fact]
    public void N19673_options_are_copied_when_they_are_given()
    {
        using var other = new TemporaryFolder();
        var values = new Dictionary<string, string> { ["packed_cache"] = _folder.Path };
        var options = new BackendOptions(values);
        values["packed_cache"] = other.Path;
        values.Clear();
        Assert.Equal(_folder.Path, CpuOptions.GetPackedCache(options)!.Folder);

        var given = new Dictionary<string, string>();
        using var program = new CachedProgram(_folder.Path, options: given);
        given["packed_cache"] = other.Path;
        using var again = program.Again();
        Assert.Equal(_expected, program.Run(again));
        Assert.Empty(Directory.GetFiles(other.Path));
    }

    internal static void Replace(string path, byte[] bytes)
    {
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static byte[] With(byte[] bytes, int index, byte value)
    {
        byte[] copy = [.. bytes];
        copy[index] = value;
        return copy;
    }
}
