using Tandem.Host.NamedData;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.NamedData;

public sealed unsafe class PackageDataMapTests
{
    private readonly BlobRegistry _registry = new();

    [Fact]
    [ProducesError(ErrorCode.NamedDataConflict)]
    public void I1_W7_a_key_with_other_bytes_is_refused_in_any_order_and_both_sources_are_named()
    {
        using var program = Sources.OfStream("program.pte", Sources.Bytes(64, 1));
        using var external = Sources.OfStream("weights.ptd", Sources.Bytes(64, 2));
        NamedDataSource[] files = [Sources.Named(program, ("w", 0, 64)), Sources.Named(external, ("w", 0, 64))];
        foreach (var order in new[] { files, [.. files.Reverse()] })
        {
            var error = Sources.Throws(ErrorCode.NamedDataConflict, () => new PackageDataMap(_registry, order));
            Assert.Contains("program.pte", error.Message);
            Assert.Contains("weights.ptd", error.Message);
            Assert.Equal("w", error.Details.Location);
        }

        Assert.Equal(0, _registry.Statistics.LiveBlobs);
    }

    [Fact]
    public void I1_a_refused_map_keeps_no_reference_on_its_files()
    {
        var a = Sources.OfStream("a", Sources.Bytes(64, 1));
        var b = Sources.OfStream("b", Sources.Bytes(64, 2));
        Sources.Throws(ErrorCode.NamedDataConflict, () => new PackageDataMap(_registry, [Sources.Named(a, ("w", 0, 64)), Sources.Named(b, ("w", 0, 64))]));
        a.Dispose();
        b.Dispose();
        Assert.True(Sources.IsFreed(a) && Sources.IsFreed(b));
    }

    [Fact]
    public void I1_a_key_with_another_length_or_layout_is_refused()
    {
        using var a = Sources.OfStream("a", new byte[64]);
        using var b = Sources.OfStream("b", new byte[64]);
        Sources.Throws(ErrorCode.NamedDataConflict, () => new PackageDataMap(_registry, [Sources.Named(a, ("w", 0, 64)), Sources.Named(b, ("w", 0, 63))]));
        Sources.Throws(ErrorCode.NamedDataConflict, () => new PackageDataMap(_registry,
        [
            Sources.Named(a, "w", new TensorLayout(ScalarType.Float, [16])),
            Sources.Named(b, "w", new TensorLayout(ScalarType.Float, [4, 4])),
        ]));
    }

    [Fact]
    public void I1_a_key_twice_with_equal_bytes_is_one_key_and_one_load()
    {
        var bytes = Sources.Bytes(64, 3);
        using var a = Sources.OfStream("a", bytes);
        using var b = Sources.OfStream("b", bytes);
        using var map = new PackageDataMap(_registry, [Sources.Named(a, ("w", 0, 64)), Sources.Named(b, ("w", 0, 64))]);
        Assert.Equal(["w"], map.Keys);
        Assert.Equal(0, _registry.Statistics.PhysicalLoads);
        using var handle = map.Get("w");
        Assert.Equal(1, _registry.Statistics.PhysicalLoads);
    }

    [Fact]
    public void W5_every_lookup_of_a_key_is_a_handle_on_one_load()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(64, 4));
        using var map = new PackageDataMap(_registry, [Sources.Named(source, ("w", 0, 64), ("alias", 0, 64))]);
        using var first = map.Get("w");
        using var second = map.Get("w");
        using var alias = map.Get("alias");
        Assert.NotSame(first, second);
        Assert.True(first.Pointer == second.Pointer && first.Pointer == alias.Pointer);
        Assert.Equal(1, _registry.Statistics.PhysicalLoads);
    }

    [Fact]
    public void W5_a_lookup_takes_constant_time()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(16, 5));
        using var small = Many(source, 16);
        using var large = Many(source, 100_000);
        using var keep = small.Get("key-0");
        Measure(large);
        var ratio = Enumerable.Range(0, 5).Min(_ => Measure(large) / Measure(small));
        Assert.True(ratio < 50, $"looking up among 6000 times as many keys takes {ratio:F1} times as long");
    }

    [Fact]
    [ProducesError(ErrorCode.NamedDataMismatch)]
    public void W6_data_is_read_into_the_callers_memory_and_the_length_must_fit()
    {
        var bytes = Sources.Bytes(64, 6);
        using var source = Sources.OfStream("a", bytes);
        using var map = new PackageDataMap(_registry, [Sources.Named(source, ("w", 0, 64))]);
        var target = new byte[64];
        map.LoadInto("w", target);
        Assert.Equal(bytes, target);
        Sources.Throws(ErrorCode.NamedDataMismatch, () => map.LoadInto("w", new byte[63]));
        Assert.Equal(0, _registry.Statistics.LiveHandles);
    }

    [Fact]
    public void W6_a_layout_is_known_without_loading()
    {
        var layout = new TensorLayout(ScalarType.Float, [4, 4], [1, 0]);
        using var source = Sources.OfStream("a", new byte[64]);
        using var map = new PackageDataMap(_registry, [Sources.Named(source, "w", layout)]);
        Assert.Equal(layout, map.GetLayout("w"));
        Assert.Equal(0, _registry.Statistics.PhysicalLoads);
        using var handle = map.Get("w");
        Assert.Equal(layout, handle.Layout);
    }

    [Fact]
    public void W8_a_key_is_matched_whole()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(64, 7));
        using var map = new PackageDataMap(_registry, [Sources.Named(source, ("layer.weight", 0, 32), ("layer.weight\0x", 32, 32))]);
        Assert.False(map.Contains("layer.weigh"));
        Assert.False(map.Contains("layer.weight2"));
        Assert.False(map.Contains("LAYER.WEIGHT"));
        using var plain = map.Get("layer.weight");
        using var other = map.Get("layer.weight\0x");
        Assert.False(plain.Pointer == other.Pointer);
    }

    [Fact]
    public void W9_two_vendors_with_one_key_and_other_bytes_never_read_each_others_data()
    {
        using var program = Sources.OfStream("vendor-a.pte", Sources.Bytes(32, 8));
        using var external = Sources.OfStream("vendor-b.ptd", Sources.Bytes(32, 9));
        Sources.Throws(ErrorCode.NamedDataConflict,
            () => new PackageDataMap(_registry, [Sources.Named(program, ("weights", 0, 32)), Sources.Named(external, ("weights", 0, 32))]));
    }

    [Fact]
    [ProducesError(ErrorCode.NamedDataNotFound)]
    public void An_absent_key_is_an_error_that_names_it()
    {
        using var map = new PackageDataMap(_registry, []);
        Assert.Empty(map.Keys);
        Assert.False(map.TryGet("w", out var none));
        Assert.Null(none);
        Assert.Equal("w", Sources.Throws(ErrorCode.NamedDataNotFound, () => map.Get("w")).Details.Location);
        Sources.Throws(ErrorCode.NamedDataNotFound, () => map.GetLayout("w"));
        Sources.Throws(ErrorCode.NamedDataNotFound, () => map.LoadInto("w", []));
    }

    [Fact]
    public void I5_handles_outlive_the_map_and_the_files()
    {
        var bytes = Sources.Bytes(64, 10);
        var source = Sources.OfStream("a", bytes);
        var map = new PackageDataMap(_registry, [Sources.Named(source, ("w", 0, 64))]);
        var handle = map.Get("w");
        source.Dispose();
        map.Dispose();
        map.Dispose();

        Assert.True(handle.Span.SequenceEqual(bytes));
        Sources.Throws(ErrorCode.ObjectReleased, () => map.Get("w"));
        Assert.False(Sources.IsFreed(source));
        handle.Dispose();
        Assert.True(Sources.IsFreed(source));
    }

    [Fact]
    public void I4_two_programs_with_one_base_share_its_bytes()
    {
        var shared = Sources.Bytes(4096, 11);
        using var first = Sources.OfStream("first.pte", Sources.Bytes(64, 12), shared);
        using var second = Sources.OfStream("second.pte", shared, Sources.Bytes(64, 13));
        using var a = new PackageDataMap(_registry, [Sources.Named(first, ("base", 64, 4096), ("own", 0, 64))]);
        using var b = new PackageDataMap(_registry, [Sources.Named(second, ("encoder", 0, 4096), ("own", 4096, 64))]);
        using var one = a.Get("base");
        using var two = b.Get("encoder");
        using var own = a.Get("own");
        using var other = b.Get("own");
        Assert.True(one.Pointer == two.Pointer);
        Assert.Equal(3, _registry.Statistics.PhysicalLoads);
    }

    [Fact]
    public void I11_T7_64_threads_ask_for_one_key_first()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(3, 14), Sources.Bytes(1 << 16, 15));
        using var map = new PackageDataMap(_registry, [Sources.Named(source, ("w", 3, 1 << 16))]);
        var handles = new DataHandle[64];
        Race.Run(64, i => handles[i] = map.Get("w"));
        Assert.Equal(1, _registry.Statistics.PhysicalLoads);
        Assert.All(handles, handle => Assert.True(handle.Pointer == handles[0].Pointer));
        Race.Run(64, i => handles[i].Dispose());
        Assert.Equal(0, _registry.Statistics.LiveBlobs);
    }

    [Fact]
    public void I11_T4_a_failed_load_of_a_key_is_tried_again()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(64, 16));
        using var map = new PackageDataMap(_registry, [Sources.Named(source, ("w", 0, 64))]);
        _registry.BeforeLoad = (_, _) => throw new OutOfMemoryException();
        Sources.Throws(ErrorCode.OutOfMemory, () => map.Get("w"));
        Sources.Throws(ErrorCode.OutOfMemory, () => map.Get("w"));
        _registry.BeforeLoad = null;
        using var handle = map.Get("w");
        Assert.Equal(new LoadStatistics(1, 0, 1, 64, 1), _registry.Statistics);
    }

    [Fact]
    public void I8_uses_tell_requests_from_physical_loads_for_each_key()
    {
        using var source = Sources.OfStream("a", Sources.Bytes(128, 16));
        using var map = new PackageDataMap(_registry, [Sources.Named(source, ("w", 0, 64), ("alias", 0, 64), ("unused", 64, 64))]);
        Assert.Equal(192, map.ByteCount);
        using var first = map.Get("w");
        using var second = map.Get("w");
        using var alias = map.Get("alias");
        Assert.False(map.TryGet("absent", out _));
        Assert.Equal(
            [new NamedDataUse("w", "a", 64, 2, 1), new NamedDataUse("alias", "a", 64, 1, 0), new NamedDataUse("unused", "a", 64, 0, 0)], map.Uses);
    }

    private PackageDataMap Many(Tandem.Host.Formats.DataSource source, int count) =>
        new(_registry, [Sources.Named(source, [.. Enumerable.Range(0, count).Select(i => ($"key-{i}", 0L, 16L))])]);

    private static double Measure(PackageDataMap map)
    {
        var keys = map.Keys.TakeLast(10).ToArray();
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var i = 0; i < 2000; i++)
        {
            map.Get(keys[i % keys.Length]).Dispose();
        }

        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
