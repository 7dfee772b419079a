using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Indexing;

/// <summary>index and index_put over one dimension of a [3, 8, 5] tensor, against loops.</summary>
public class IndexKernelsTests
{
    private const int Outer = 3;
    private const int Size = 8;
    private const int Inner = 5;

    public static TheoryData<long[]> Indices() => new(
        (long[][])
        [
            [0, 1, 2, 3, 4, 5, 6, 7], [2, 3, 4], [1, 3, 5, 7], [7, 6, 5, 4], [6, 4, 2, 0], [3, 3, 3, 3], [0, 0, 1, 1, 2, 2], [5], [0, 1, 2, 2, 1, 0, 4, 6, 7],
            [-8, -7, -6], [-1, -2, -3], [6, 7, -8, -7], [-2, 6, -2, 7], [7, 0, 6, 1, 5], [],
        ]);

    public static TheoryData<long[]> OutOfRange() => new((long[][])[[0, 1, 2, 3, 8], [7, 8, 9], [-7, -8, -9], [long.MaxValue], [long.MinValue, 0]]);

    [Theory]
    [MemberData(nameof(Indices))]
    public void Index_reads_what_a_loop_reads(long[] indices)
    {
        for (var dim = 0; dim < 3; dim++)
        {
            using var host = new KernelTestHost();
            var (input, index, sizes) = Arguments(host, dim, indices);
            var output = host.Output(ScalarType.Float, sizes);
            host.Run("aten::index.Tensor_out", input, Lists(dim, index), output);
            var expected = new float[output.ElementCount];
            ForEach(dim, indices, input.Sizes, (place, at, _) => expected[place] = at);
            Assert.Equal(expected, KernelTestHost.Values<float>(output));
        }
    }

    [Theory]
    [MemberData(nameof(Indices))]
    public void Index_put_writes_what_a_loop_writes(long[] indices)
    {
        for (var dim = 0; dim < 3; dim++)
        {
            foreach (var accumulates in (bool[])[false, true])
            {
                foreach (var isInPlace in (bool[])[false, true])
                {
                    // Values of the full shape, of one for each index, and one for all.
                    foreach (var form in (int[])[0, 1, 2])
                    {
                        Put(dim, indices, accumulates, isInPlace, form);
                    }
                }
            }
        }
    }

    [Fact]
    public void Two_indices_that_broadcast_name_the_places_of_both()
    {
        using var host = new KernelTestHost();
        var input = host.Floats([4, 6], [.. Enumerable.Range(0, 24).Select(i => (float)i)]);
        var (rows, columns) = (host.Longs([2, 1], 3, 1), host.Longs([3], 4, 2, 0));
        var output = host.Output(ScalarType.Float, [2, 3]);
        host.Run("aten::index.Tensor_out", input, (TensorView[])[rows, columns], output);
        Assert.Equal([22f, 20, 18, 10, 8, 6], KernelTestHost.Values<float>(output));

        host.Run("aten::index_put_", input, (TensorView[])[rows, columns], host.Floats([2, 3], -1, -2, -3, -4, -5, -6), false, input);
        var expected = Enumerable.Range(0, 24).Select(i => (float)i).ToArray();
        (expected[22], expected[20], expected[18], expected[10], expected[8], expected[6]) = (-1, -2, -3, -4, -5, -6);
        Assert.Equal(expected, KernelTestHost.Values<float>(input));
    }

    [Fact]
    public void Many_indices_of_one_place_take_no_longer_than_others()
    {
        // Were the rest looked at for each of them, this would be 10^12 steps.
        const int Count = 1 << 20;
        using var host = new KernelTestHost();
        var index = host.Longs([Count], new long[Count]);
        var values = host.Floats([Count], [.. Enumerable.Range(0, Count).Select(i => (float)i)]);
        var target = host.Floats([2], 0, 0);
        host.Run("aten::index_put_", target, (TensorView[])[index], values, false, target);
        Assert.Equal([Count - 1f, 0], KernelTestHost.Values<float>(target));
        host.Run("aten::index_put_", target, (TensorView[])[index], host.Floats([1], 1), true, target);
        Assert.Equal([(2f * Count) - 1, 0], KernelTestHost.Values<float>(target));
    }

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void Indices_out_of_range_are_refused_before_anything_is_written(long[] indices)
    {
        using var host = new KernelTestHost();
        var (input, index, sizes) = Arguments(host, 1, indices);
        var before = KernelTestHost.Values<float>(input);
        var values = host.Floats([1], 1);
        var put = Assert.Throws<TandemException>(() => host.Run("aten::index_put_", input, Lists(1, index), values, false, input));
        var read = Assert.Throws<TandemException>(() => host.Run("aten::index.Tensor_out", input, Lists(1, index), host.Output(ScalarType.Float, sizes)));
        Assert.Equal(read.Code, put.Code);
        Assert.Contains("an index is out of range", put.Message, StringComparison.Ordinal);
        Assert.Equal(before, KernelTestHost.Values<float>(input));
    }

    private static void Put(int dim, long[] indices, bool accumulates, bool isInPlace, int form)
    {
        using var host = new KernelTestHost();
        var (input, index, sizes) = Arguments(host, dim, indices);
        int[] valueSizes = form switch
        {
            0 => sizes,
            1 => [indices.Length, .. Enumerable.Repeat(1, 2 - dim)],
            _ => [1],
        };
        var count = valueSizes.Aggregate(1, (a, b) => a * b);
        var values = host.Floats(valueSizes, [.. Enumerable.Range(0, count).Select(i => 1000f + i)]);
        var expected = KernelTestHost.Values<float>(input);
        ForEach(dim, indices, input.Sizes, (place, at, n) =>
        {
            var value = 1000f + (form == 0 ? place : form == 1 ? n : 0);
            expected[at] = accumulates ? expected[at] + value : value;
        });
        var output = isInPlace ? input : host.Output(ScalarType.Float, input.Sizes.ToArray());
        host.Run(isInPlace ? "aten::index_put_" : "aten::index_put.out", input, Lists(dim, index), values, accumulates, output);
        Assert.Equal(expected, KernelTestHost.Values<float>(output));
    }

    // The indexed dimension has 8 elements wherever it stands; each element is its own offset.
    private static (TensorView Input, TensorView Index, int[] Sizes) Arguments(KernelTestHost host, int dim, long[] indices)
    {
        int[] sizes = dim switch { 0 => [Size, Outer, Inner], 1 => [Outer, Size, Inner], _ => [Outer, Inner, Size] };
        var input = host.Floats(sizes, [.. Enumerable.Range(0, Outer * Size * Inner).Select(i => (float)i)]);
        int[] result = [.. sizes];
        result[dim] = indices.Length;
        return (input, host.Longs([indices.Length], indices), result);
    }

    private static TensorView?[] Lists(int dim, TensorView index) => [.. new TensorView?[dim], index];

    private static void ForEach(int dim, long[] indices, ReadOnlySpan<int> sizes, Action<int, int, int> visit)
    {
        var (before, after) = (1, 1);
        for (var i = 0; i < sizes.Length; i++)
        {
            (before, after) = (i < dim ? before * sizes[i] : before, i > dim ? after * sizes[i] : after);
        }

        for (var n = 0; n < indices.Length; n++)
        {
            var at = (int)(indices[n] < 0 ? indices[n] + sizes[dim] : indices[n]);
            for (var o = 0; o < before; o++)
            {
                for (var i = 0; i < after; i++)
                {
                    visit((((o * indices.Length) + n) * after) + i, (((o * sizes[dim]) + at) * after) + i, n);
                }
            }
        }
    }
}
