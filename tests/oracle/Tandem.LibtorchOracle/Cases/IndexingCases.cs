using static Tandem.LibtorchOracle.Cases.CaseFactory;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Reads and writes at indices.</summary>
internal static class IndexingCases
{
    public static IEnumerable<OracleCase> All(ValueSource values)
    {
        foreach (var dim in (int[])[0, 1, -1])
        {
            int[] shape = [4, 5, 6];
            var size = shape[dim < 0 ? dim + 3 : dim];
            int[] part = [3, 4, 5];
            int[] source = [.. shape];
            source[dim < 0 ? dim + 3 : dim] = 3;
            yield return Case($"gather {dim}", [values.Extreme(shape), values.Longs(0, size, part)], x => x[0].Gather(dim, x[1]), x => x[0].gather(dim, x[1]));
            yield return Case($"index_select {dim}", [values.Extreme(shape), values.Longs(0, size, 7)], x => x[0].IndexSelect(dim, x[1]), x => x[0].index_select(dim, x[1]));
            yield return Case($"index_copy {dim}", [values.Normal(shape), values.Permutation(size, 3), values.Normal(source)], x => x[0].IndexCopy(dim, x[1], x[2]),
                x => x[0].index_copy(dim, x[1], x[2]));
            yield return Case($"index_add {dim}", [values.Normal(shape), values.Longs(0, size, 3), values.Normal(source)], x => x[0].IndexAdd(dim, x[1], x[2]),
                x => x[0].index_add(dim, x[1], x[2], 1));
        }

        yield return Case("gather none", [values.Normal(4, 5), values.Longs(0, 4, 0, 5)], x => x[0].Gather(0, x[1]), x => x[0].gather(0, x[1]));
        yield return Case("index_select none", [values.Normal(4, 5), values.Longs(0, 4, 0)], x => x[0].IndexSelect(0, x[1]), x => x[0].index_select(0, x[1]));

        // One row of different indices: which of two writes to one place wins is not said.
        yield return Case("scatter", [values.Normal(6), values.Permutation(6, 4), values.Normal(4)], x => x[0].Scatter(-1, x[1], x[2]), x => x[0].scatter(-1, x[1], x[2]));
        yield return Case("index", [values.Extreme(5, 3), values.Longs(-5, 5, 2, 4)], x => x[0].Index(x[1]), x => x[0].index([x[1]]));
        yield return Case("select_scatter", [values.Normal(3, 4, 5), values.Normal(3, 5)], x => x[0].SelectScatter(x[1], 1, -2), x => x[0].select_scatter(x[1], 1, -2));
        yield return Case("slice_scatter", [values.Normal(3, 9), values.Normal(3, 3)], x => x[0].SliceScatter(x[1], 1, 1, 7, 2), x => x[0].slice_scatter(x[1], 1, 1, 7, 2));
        yield return Case("slice_scatter negative", [values.Normal(9, 2), values.Normal(3, 2)], x => x[0].SliceScatter(x[1], -2, -3), x => x[0].slice_scatter(x[1], -2, -3));
    }
}
