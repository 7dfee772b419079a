using Tandem.Host.Lowering.Planning;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Planning;

public sealed class ArenaPlannerTests
{
    [Fact]
    public void Items_of_different_times_share_memory_and_those_of_one_time_do_not()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            ArenaItem[] items = [.. Enumerable.Range(0, random.Next(0, 40)).Select(_ =>
            {
                var first = random.Next(30);
                return new ArenaItem(16 * random.Next(0, 20), first, first + random.Next(12));
            })];
            var plan = new ArenaPlanner(items);
            Assert.InRange(plan.ByteCount, plan.LowerBound, items.Sum(item => item.ByteCount));
            for (var i = 0; i < items.Length; i++)
            {
                Assert.InRange(plan.Offsets[i], 0, plan.ByteCount - items[i].ByteCount);
                for (var k = 0; k < i; k++)
                {
                    Assert.True(!items[i].Meets(items[k]) || plan.Offsets[i] + items[i].ByteCount <= plan.Offsets[k] || plan.Offsets[k] + items[k].ByteCount <= plan.Offsets[i]);
                }
            }

            Assert.Equal(plan.Offsets, new ArenaPlanner(items).Offsets);
        }
    }

    [Fact]
    public void The_arena_is_hardly_ever_larger_than_the_most_bytes_of_one_time()
    {
        var random = new Random(11);
        long arena = 0, bound = 0;
        for (var round = 0; round < 50; round++)
        {
            ArenaItem[] items = [.. Enumerable.Range(0, 30).Select(i => new ArenaItem(16 * random.Next(1, 30), i, i + random.Next(1, 6)))];
            var plan = new ArenaPlanner(items);
            (arena, bound) = (arena + plan.ByteCount, bound + plan.LowerBound);
        }

        Assert.InRange(arena, bound, bound * 1.01);
    }

    [Fact]
    public void A_chain_needs_two_places()
    {
        var plan = new ArenaPlanner([.. Enumerable.Range(0, 100).Select(i => new ArenaItem(64, i, i + 1))]);
        Assert.Equal(128, plan.ByteCount);
    }
}
