using Tandem.Host.Building;
using static Tandem.LibtorchOracle.Cases.CaseFactory;
using static TorchSharp.torch;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Operators of two tensors, element by element, over shapes that broadcast and over extreme values.</summary>
internal static class BinaryCases
{
    private static readonly (string Name, Func<GraphTensor, GraphTensor, GraphTensor> Graph, Func<Tensor, Tensor, Tensor> Expected)[] Floats =
    [
        ("add", (a, b) => a + b, (a, b) => a + b),
        ("sub", (a, b) => a - b, (a, b) => a - b),
        ("mul", (a, b) => a * b, (a, b) => a * b),
        ("div", (a, b) => a / b, (a, b) => a / b),
        ("floor_divide", (a, b) => a.FloorDivide(b), (a, b) => a.floor_divide(b)),
        ("remainder", (a, b) => a.Remainder(b), (a, b) => a.remainder(b)),
        ("maximum", (a, b) => a.Maximum(b), (a, b) => a.maximum(b)),
        ("minimum", (a, b) => a.Minimum(b), (a, b) => a.minimum(b)),
        ("atan2", (a, b) => a.Atan2(b), (a, b) => a.atan2(b)),
        ("pow", (a, b) => a.Pow(b), (a, b) => a.pow(b)),
        ("eq", (a, b) => a.Eq(b), (a, b) => a.eq(b)),
        ("ne", (a, b) => a.Ne(b), (a, b) => a.ne(b)),
        ("lt", (a, b) => a.Lt(b), (a, b) => a.lt(b)),
        ("le", (a, b) => a.Le(b), (a, b) => a.le(b)),
        ("gt", (a, b) => a.Gt(b), (a, b) => a.gt(b)),
        ("ge", (a, b) => a.Ge(b), (a, b) => a.ge(b)),
        ("logical_and", (a, b) => a.LogicalAnd(b), (a, b) => a.logical_and(b)),
        ("logical_or", (a, b) => a.LogicalOr(b), (a, b) => a.logical_or(b)),
    ];

    private static readonly (string Name, Func<GraphTensor, GraphTensor, GraphTensor> Graph, Func<Tensor, Tensor, Tensor> Expected)[] Integers =
    [
        ("add", (a, b) => a + b, (a, b) => a + b),
        ("mul", (a, b) => a * b, (a, b) => a * b),
        ("div", (a, b) => a / b, (a, b) => a / b),
        ("floor_divide", (a, b) => a.FloorDivide(b), (a, b) => a.floor_divide(b)),
        ("remainder", (a, b) => a.Remainder(b), (a, b) => a.remainder(b)),
        ("maximum", (a, b) => a.Maximum(b), (a, b) => a.maximum(b)),
        ("bitwise_and", (a, b) => a.BitwiseAnd(b), (a, b) => a.bitwise_and(b)),
        ("bitwise_or", (a, b) => a.BitwiseOr(b), (a, b) => a.bitwise_or(b)),
        ("ge", (a, b) => a.Ge(b), (a, b) => a.ge(b)),
    ];

    public static IEnumerable<OracleCase> All(ValueSource values)
    {
        foreach (var (name, graph, expected) in Floats)
        {
            foreach (var (left, right) in values.Broadcasts())
            {
                yield return Case(name, [values.Few(left), values.Normal(right)], x => graph(x[0], x[1]), x => expected(x[0], x[1]));
            }

            yield return Case($"{name} few", [values.Few(4, 9), values.Few(9)], x => graph(x[0], x[1]), x => expected(x[0], x[1]));
            yield return Case($"{name} extreme", [values.Extreme(6, 15), values.Extreme(6, 15)], x => graph(x[0], x[1]), x => expected(x[0], x[1]));
        }

        foreach (var (name, graph, expected) in Integers)
        {
            yield return Case($"{name} int64", [values.Longs(-50, 50, 3, 1, 5), values.Longs(1, 9, 4, 5)], x => graph(x[0], x[1]), x => expected(x[0], x[1]));
        }

        yield return Case("add int64 to float32", [values.Longs(-50, 50, 3, 4), values.Normal(4)], x => x[0] + x[1], x => x[0] + x[1]);
        yield return Case("mul bool by float32", [values.Normal(3, 4), values.Bools(3, 1)], x => x[0] * x[1], x => x[0] * x[1]);
        yield return Case("add parameter", [values.Normal(2, 3, 4)], [values.Normal(3, 1)], (x, w) => x[0] + w[0], (x, w) => x[0] + w[0]);
        yield return Case("masked_fill", [values.Extreme(2, 3, 4), values.Bools(3, 1)], x => x[0].MaskedFill(x[1], double.NegativeInfinity),
            x => x[0].masked_fill(x[1], double.NegativeInfinity));
        yield return Case("where", [values.Bools(2, 1, 4), values.Extreme(3, 1), values.Normal(4)], x => x[0].Graph.Where(x[0], x[1], x[2]), x => where(x[0], x[1], x[2]));
        yield return Case("where empty", [values.Bools(1), values.Normal(0, 4), values.Normal(4)], x => x[0].Graph.Where(x[0], x[1], x[2]), x => where(x[0], x[1], x[2]));
    }
}
