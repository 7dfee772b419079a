using Tandem.Host.Building;
using static Tandem.LibtorchOracle.Cases.CaseFactory;
using static TorchSharp.torch;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Reductions, scans and orders.</summary>
internal static class ReductionCases
{
    public static IEnumerable<OracleCase> All(ValueSource values)
    {
        var tail = values.Next(1, 60);
        foreach (var (shape, dims) in ((int[], int[])[])[([7], [0]), ([2, 3, tail], [-1]), ([2, 3, tail], [1]), ([2, 3, 4], [0, 2]), ([2, 3, 4], [-2, -1]), ([3, 1], [1]), ([0, 3], [1])])
        {
            foreach (var keep in (bool[])[false, true])
            {
                long[] axes = [.. dims.Select(dim => (long)dim)];
                var name = $"dims {string.Join(",", dims)}{(keep ? " kept" : "")}";
                yield return Case($"sum {name}", [values.Normal(shape)], x => x[0].Sum(dims, keep), x => x[0].sum(axes, keep), 1e-4);
                yield return Case($"mean {name}", [values.Normal(shape)], x => x[0].Mean(dims, keep), x => x[0].mean(axes, keep));
                yield return Case($"amax {name}", [values.Extreme(shape)], x => x[0].Amax(dims, keep), x => x[0].amax(axes, keep));
                yield return Case($"amin {name}", [values.Extreme(shape)], x => x[0].Amin(dims, keep), x => x[0].amin(axes, keep));
                yield return Case($"var {name}", [values.Normal(shape)], x => x[0].Var(dims, 1, keep), x => x[0].var(axes, true, keep), 1e-4);
                yield return Case($"var uncorrected {name}", [values.Normal(shape)], x => x[0].Var(dims, 0, keep), x => x[0].var(axes, false, keep), 1e-4);
                yield return Case($"std {name}", [values.Normal(shape)], x => x[0].Std(dims, 1, keep), x => x[0].std(axes, true, keep), 1e-4);
                if (dims is [var dim])
                {
                    yield return Case($"prod {name}", [values.Uniform(-1.2f, 1.2f, shape)], x => x[0].Prod(dim, keep), x => x[0].prod(dim, keep));
                    yield return Case($"any {name}", [values.Few(shape)], x => x[0].Any(dim, keep), x => x[0].any(dim, keep));
                    yield return Case($"all {name}", [values.Few(shape)], x => x[0].All(dim, keep), x => x[0].all(dim, keep));
                    yield return Case($"logsumexp {name}", [values.Normal(shape)], x => x[0].LogSumExp([dim], keep), x => x[0].logsumexp(dim, keep));
                    yield return Case($"argmax {name}", [values.Distinct(shape)], x => x[0].Argmax(dim, keep), x => x[0].argmax(dim, keep));
                    yield return Case($"argmax equals {name}", [values.Few(shape)], x => x[0].Argmax(dim, keep), x => x[0].argmax(dim, keep));
                    yield return Case($"argmin {name}", [values.Distinct(shape)], x => x[0].Argmin(dim, keep), x => x[0].argmin(dim, keep));
                    yield return Many($"max.dim {name}", [values.Distinct(shape)], x => Both(x[0].Max(dim, keep)), x => Both(x[0].max(dim, keep)));
                    yield return Many($"min.dim {name}", [values.Distinct(shape)], x => Both(x[0].Min(dim, keep)), x => Both(x[0].min(dim, keep)));
                }
            }
        }

        foreach (var shape in values.Shapes())
        {
            yield return Case("sum of all", [values.Normal(shape)], x => x[0].Sum(), x => x[0].sum(), 1e-4);
            yield return Case("mean of all", [values.Normal(shape)], x => x[0].Mean(), x => x[0].mean());
        }

        yield return Case("argmax of all", [values.Distinct(3, 4, 5)], x => x[0].Argmax(), x => x[0].argmax());
        yield return Case("argmax NaN", [values.Extreme(6, 9)], x => x[0].Argmax(-1), x => x[0].argmax(-1));
        yield return Case("argmin NaN", [values.Extreme(6, 9)], x => x[0].Argmin(-1), x => x[0].argmin(-1));
        yield return Case("sum int64", [values.Longs(-9, 9, 3, 4)], x => x[0].Sum([1]), x => x[0].sum(1));
        yield return Case("sum bool", [values.Bools(3, 4)], x => x[0].Sum([0]), x => x[0].sum([0L]));
        yield return Case("sum over none", [values.Normal(3, 0)], x => x[0].Sum([1]), x => x[0].sum(1));
        yield return Case("mean over none", [values.Normal(3, 0)], x => x[0].Mean([1]), x => x[0].mean([1]));
        yield return Case("logsumexp extreme", [values.Extreme(30, 3)], x => x[0].LogSumExp([-1]), x => x[0].logsumexp(-1));
        foreach (var dim in (int[])[0, -1, 1])
        {
            yield return Case($"cumsum {dim}", [values.Normal(3, 4, 5)], x => x[0].CumSum(dim), x => x[0].cumsum(dim));
            yield return Many($"sort {dim}", [values.Distinct(3, 4, 5)], x => Both(x[0].Sort(dim)), x => Both(x[0].sort(dim)));
            yield return Many($"sort descending {dim}", [values.Distinct(3, 4, 5)], x => Both(x[0].Sort(dim, true)), x => Both(x[0].sort(dim, true)));
            yield return Many($"topk {dim}", [values.Distinct(3, 4, 5)], x => Both(x[0].TopK(2, dim)), x => Both(x[0].topk(2, dim)));
            yield return Many($"topk smallest {dim}", [values.Distinct(3, 4, 5)], x => Both(x[0].TopK(3, dim, false)), x => Both(x[0].topk(3, dim, false)));
        }

        yield return Case("cumsum int64", [values.Longs(-9, 9, 3, 4)], x => x[0].CumSum(-1), x => x[0].cumsum(-1));
        yield return Case("sort NaN", [values.Extreme(4, 9)], x => x[0].Sort().Values, x => x[0].sort().Values);
        yield return Case("topk NaN", [values.Extreme(4, 9)], x => x[0].TopK(4).Values, x => x[0].topk(4).values);
    }

    private static GraphTensor[] Both((GraphTensor Values, GraphTensor Indices) results) => [results.Values, results.Indices];

    private static Tensor[] Both((Tensor Values, Tensor Indices) results) => [results.Values, results.Indices];
}
