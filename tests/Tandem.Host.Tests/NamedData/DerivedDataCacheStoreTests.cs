using CsCheck;
using Tandem.Host.NamedData;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.NamedData;

public sealed class DerivedDataCacheStoreTests
{
    private static readonly DerivedDataKey Key = new("Backend", new ContentId(4, 1, 2), default, "pack v1");
    private readonly DerivedDataCacheStore _cache = new();

    [Fact]
    public void A_value_is_created_once_and_disposed_with_its_last_lease()
    {
        var first = Take(Key);
        var second = Take(Key);
        Assert.Same(first.Value, second.Value);
        Assert.Equal(1, _cache.Creations);
        Assert.Equal((1, 100L), (_cache.Count, _cache.ByteCount));

        var value = first.Value;
        first.Dispose();
        first.Dispose();
        Assert.False(value.IsDisposed);
        Sources.Throws(ErrorCode.ObjectReleased, () => _ = first.Value);
        second.Dispose();
        Assert.True(value.IsDisposed);
        Assert.Equal((0, 0L), (_cache.Count, _cache.ByteCount));
    }

    [Fact]
    public void I10_every_part_of_the_key_counts()
    {
        DerivedDataKey[] keys =
        [
            Key,
            Key with { BackendId = "Other" },
            Key with { Content = new ContentId(4, 1, 3) },
            Key with { Content = new ContentId(5, 1, 2) },
            Key with { SecondContent = new ContentId(4, 1, 2) },
            Key with { Derivation = "pack v2" },
        ];
        var leases = keys.Select(Take).ToList();
        Assert.Equal(keys.Length, leases.Select(lease => lease.Value).Distinct().Count());
        leases.ForEach(lease => lease.Dispose());
    }

    [Fact]
    public void I11_T7_64_threads_create_once()
    {
        var leases = new DerivedDataLease<Packed>[64];
        Race.Run(64, i => leases[i] = Take(Key));
        Assert.Equal(1, _cache.Creations);
        Assert.All(leases, lease => Assert.Same(leases[0].Value, lease.Value));
        var value = leases[0].Value;
        Race.Run(64, i => leases[i].Dispose());
        Assert.Equal(1, value.Disposals);
        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public void I11_a_failure_is_thrown_to_the_waiters_and_leaves_nothing()
    {
        using var inside = new ManualResetEventSlim();
        using var proceed = new ManualResetEventSlim();
        var failures = 0;
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            try
            {
                _cache.GetOrCreate<Packed, int>(Key, 0, _ =>
                {
                    inside.Set();
                    proceed.Wait();
                    throw new TandemException(ErrorCode.PayloadInvalid, "broken");
                }).Dispose();
            }
            catch (TandemException error) when (error.Code == ErrorCode.PayloadInvalid)
            {
                Interlocked.Increment(ref failures);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        inside.Wait(TestContext.Current.CancellationToken);
        proceed.Set();
        threads.ForEach(thread => thread.Join());

        Assert.Equal(8, failures);
        Assert.Equal(0, _cache.Count);
        using var lease = Take(Key);
        Assert.False(lease.Value.IsDisposed);
    }

    [Fact]
    public void I11_the_failure_of_one_key_is_of_no_other()
    {
        Assert.Throws<InvalidOperationException>(() => _cache.GetOrCreate<Packed, int>(Key, 0, _ => throw new InvalidOperationException()));
        using var lease = Take(Key with { Derivation = "other" });
        Assert.Equal(1, _cache.Count);
    }

    [Fact]
    public void Creation_of_one_key_does_not_hold_up_another()
    {
        using var inside = new ManualResetEventSlim();
        using var proceed = new ManualResetEventSlim();
        var slow = new Thread(() => _cache.GetOrCreate(Key, 0, _ =>
        {
            inside.Set();
            proceed.Wait();
            return (new Packed(), 1L);
        }).Dispose());
        slow.Start();
        inside.Wait(TestContext.Current.CancellationToken);
        using (Take(Key with { Derivation = "other" }))
        {
            Assert.Equal(2, _cache.Count);
        }

        proceed.Set();
        slow.Join();
    }

    [Fact]
    public void A_value_of_another_type_and_no_value_are_errors()
    {
        using var lease = Take(Key);
        Sources.Throws(ErrorCode.ArgumentInvalid, () => _cache.GetOrCreate<MemoryStream, int>(Key, 0, _ => (new MemoryStream(), 1)));
        Assert.Equal(1, _cache.Count);
        var other = Key with { Derivation = "nothing" };
        Sources.Throws(ErrorCode.DelegateFailed, () => _cache.GetOrCreate<Packed, int>(other, 0, _ => (null!, 1)));
        Assert.Equal(1, _cache.Count);
    }

    [Fact]
    public void I5_leases_released_in_any_order_dispose_once()
    {
        Gen.Shuffle(new[] { 0, 1, 2, 3, 4 }).Sample(order =>
        {
            var cache = new DerivedDataCacheStore();
            var leases = order.Select(_ => cache.GetOrCreate(Key, 0, _ => (new Packed(), 10L))).ToList();
            var value = leases[0].Value;
            foreach (var i in order)
            {
                Assert.Equal(0, value.Disposals);
                leases[i].Dispose();
            }

            Assert.Equal(1, value.Disposals);
        }, iter: 50);
    }

    [Fact]
    public void Threads_that_take_and_leave_never_see_a_disposed_value()
    {
        Race.Run(8, i =>
        {
            for (var round = 0; round < 2000; round++)
            {
                using var lease = Take(Key);
                Assert.False(lease.Value.IsDisposed);
            }
        });
        Assert.Equal(0, _cache.Count);
    }

    private DerivedDataLease<Packed> Take(DerivedDataKey key) => _cache.GetOrCreate(key, 0, _ => (new Packed(), 100L));

    private sealed class Packed : IDisposable
    {
        private int _disposals;

        internal int Disposals => _disposals;

        internal bool IsDisposed => _disposals > 0;

        public void Dispose() => Interlocked.Increment(ref _disposals);
    }
}
