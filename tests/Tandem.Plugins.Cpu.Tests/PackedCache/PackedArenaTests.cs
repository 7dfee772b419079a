using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Tests;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.PackedCache;

[Collection(ProcessWideCollection.Name)]
public sealed unsafe class PackedArenaTests
{
    private const long Expected = 24 << 20;

    [Fact]
    public void Blocks_are_zeroed_aligned_and_apart()
    {
        using var arena = Create(Expected);
        var blocks = new List<PackedBlock>();
        foreach (var byteCount in new long[] { 1, 63, 64, 65, 4096, 1_000_000, 5 << 20, 700_000, 3_000_000 })
        {
            var block = arena.Allocate(byteCount);
            Assert.Equal(byteCount, block.ByteCount);
            Assert.Equal(0u, (nuint)block.Memory & 63);
            Assert.False(block.IsMapped);

            // A kernel may read a vector behind the end.
            Assert.False(new ReadOnlySpan<byte>(block.Memory, (int)byteCount + 64).ContainsAnyExcept((byte)0));
            blocks.Add(block);
        }

        for (var i = 0; i < blocks.Count; i++)
        {
            new Span<byte>(blocks[i].Memory, (int)blocks[i].ByteCount).Fill((byte)(i + 1));
        }

        for (var i = 0; i < blocks.Count; i++)
        {
            Assert.False(new ReadOnlySpan<byte>(blocks[i].Memory, (int)blocks[i].ByteCount).ContainsAnyExcept((byte)(i + 1)));
        }

        blocks.ForEach(block => block.Dispose());
    }

    [Fact]
    public void Small_blocks_lie_one_behind_the_other_and_few_bytes_share_nothing()
    {
        using var arena = Create(Expected);
        using var first = arena.Allocate(1000);
        using var second = arena.Allocate(1000);
        Assert.Equal(PackedBlock.Occupied(1000), second.Memory - first.Memory);
        Assert.Equal(0u, (nuint)first.Memory % (nuint)HugePages.PageBytes);

        using var few = Create(1 << 20);
        using var alone = few.Allocate(1000);
        Assert.NotEqual(0u, (nuint)alone.Memory % (nuint)HugePages.PageBytes);
    }

    [Fact]
    public void Blocks_outlive_the_arena_and_each_other()
    {
        var arena = Create(Expected);
        var first = arena.Allocate(100_000);
        var second = arena.Allocate(100_000);
        var third = arena.Allocate(100_000);
        arena.Dispose();
        new Span<byte>(first.Memory, 100_000).Fill(1);
        new Span<byte>(second.Memory, 100_000).Fill(2);
        new Span<byte>(third.Memory, 100_000).Fill(3);

        second.Dispose();
        second.Dispose();

        Assert.False(new ReadOnlySpan<byte>(first.Memory, 100_000).ContainsAnyExcept((byte)1));
        Assert.False(new ReadOnlySpan<byte>(third.Memory, 100_000).ContainsAnyExcept((byte)3));
        third.Dispose();
        Assert.False(new ReadOnlySpan<byte>(first.Memory, 100_000).ContainsAnyExcept((byte)1));
        first.Dispose();
    }

    [Fact]
    public void More_than_was_expected_is_had_as_well()
    {
        using var arena = Create(13 << 20);
        var blocks = Enumerable.Range(0, 20).Select(_ => arena.Allocate(1 << 20)).ToList();

        Assert.Equal(blocks.Count, blocks.Select(block => (nint)block.Memory).Distinct().Count());
        blocks.ForEach(block => new Span<byte>(block.Memory, 1 << 20).Fill(7));
        blocks.ForEach(block => block.Dispose());
    }

    [Fact]
    public void Several_graphs_of_a_program_share_memory_once_there_are_enough_bytes()
    {
        using var arena = new PackedArena();
        var blocks = new List<PackedBlock>();
        for (var graph = 0; graph < 5; graph++)
        {
            arena.Expect(4_000_000);
            for (var i = 0; i < 4; i++)
            {
                blocks.Add(arena.Allocate(1_000_000));
            }
        }

        Assert.Equal(PackedBlock.Occupied(1_000_000), blocks[^1].Memory - blocks[^2].Memory);
        blocks.ForEach(block => block.Dispose());
    }

    [Fact]
    public void A_program_that_is_known_to_be_large_shares_memory_from_its_first_graph_on()
    {
        using var arena = new PackedArena(Expected);
        arena.Expect(1000);
        using var first = arena.Allocate(1000);
        using var second = arena.Allocate(5 << 20);
        Assert.Equal(PackedBlock.Occupied(1000), second.Memory - first.Memory);
        Assert.Equal(0u, (nuint)first.Memory % (nuint)HugePages.PageBytes);
    }

    [Fact]
    public void A_block_larger_than_any_slab_has_pages_of_its_own()
    {
        using var arena = new PackedArena(200 << 20);
        using var first = arena.Allocate(1000);
        using var large = arena.Allocate(65 << 20);
        using var second = arena.Allocate(1000);
        Assert.Equal(PackedBlock.Occupied(1000), second.Memory - first.Memory);
        Assert.Equal(0u, (nuint)large.Memory % (nuint)HugePages.PageBytes);
        large.Memory[(65 << 20) + 63] = 1;
    }

    [Fact]
    public void Loads_and_unloads_leave_no_memory_behind()
    {
        Cycle();
        var before = Environment.WorkingSet;
        for (var i = 0; i < 20; i++)
        {
            Cycle();
        }

        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 2 * Expected);

        static void Cycle()
        {
            using var arena = Create(Expected);
            var blocks = Enumerable.Range(0, 24).Select(_ => arena.Allocate(900_000)).ToList();
            blocks.ForEach(block => new Span<byte>(block.Memory, 900_000).Fill(7));
            blocks.ForEach(block => block.Dispose());
        }
    }

    private static PackedArena Create(long expected)
    {
        var arena = new PackedArena();
        arena.Expect(expected);
        return arena;
    }
}
