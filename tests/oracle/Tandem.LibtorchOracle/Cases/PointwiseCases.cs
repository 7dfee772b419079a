using Tandem.Host.Building;
using Tandem.Sdk;
using static Tandem.LibtorchOracle.Cases.CaseFactory;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Operators of one tensor, element by element: over the shapes of <see cref="ValueSource.Shapes"/>, and over extreme values.</summary>
internal static class PointwiseCases
{
    private static readonly (string Name, Func<GraphTensor, GraphTensor> Graph, Func<Tensor, Tensor> Expected)[] Everywhere =
    [
        ("exp", x => x.Exp(), x => x.exp()),
        ("log", x => x.Log(), x => x.log()),
        ("log2", x => x.Log2(), x => x.log2()),
        ("log1p", x => x.Log1P(), x => x.log1p()),
        ("sqrt", x => x.Sqrt(), x => x.sqrt()),
        ("rsqrt", x => x.Rsqrt(), x => x.rsqrt()),
        ("reciprocal", x => x.Reciprocal(), x => x.reciprocal()),
        ("abs", x => x.Abs(), x => x.abs()),
        ("neg", x => x.Neg(), x => x.neg()),
        ("sign", x => x.Sign(), x => x.sign()),
        ("floor", x => x.Floor(), x => x.floor()),
        ("ceil", x => x.Ceil(), x => x.ceil()),
        ("round", x => x.Round(), x => x.round()),
        ("erf", x => x.Erf(), x => x.erf()),
        ("square", x => x.Square(), x => x.square()),
        ("logical_not", x => x.LogicalNot(), x => x.logical_not()),
        ("isnan", x => x.IsNan(), x => x.isnan()),
        ("isinf", x => x.IsInf(), x => x.isinf()),
        ("add.Scalar", x => x + 1.5, x => x + 1.5),
        ("rsub", x => 1.5 - x, x => 1.5 - x),
        ("mul.Scalar", x => x * -2.5, x => x * -2.5),
        ("div.Scalar", x => x / 3, x => x / 3),
        ("remainder.Scalar", x => x.Remainder(1.5), x => x.remainder(1.5)),
        ("pow.2", x => x.Pow(2), x => x.pow(2)),
        ("pow.0.5", x => x.Pow(0.5), x => x.pow(0.5)),
        ("pow.-1", x => x.Pow(-1), x => x.pow(-1)),
        ("clamp", x => x.Clamp(-1, 0.5), x => x.clamp(-1, 0.5)),
        ("clamp minimum", x => x.Clamp(minimum: 0.25), x => x.clamp(min: 0.25)),
        ("eq.Scalar", x => x.Eq(0.5), x => x.eq(0.5)),
        ("gt.Scalar", x => x.Gt(0.5), x => x.gt(0.5)),
        ("le.Scalar", x => x.Le(-1.5), x => x.le(-1.5)),
        ("ne.Scalar", x => x.Ne(-1.5), x => x.ne(-1.5)),
        ("clone", x => x.Clone(), x => x.clone()),
        ("to bool", x => x.To(Sdk.ScalarType.Bool), x => x.to_type(TorchSharp.torch.ScalarType.Bool)),
        ("to double", x => x.To(Sdk.ScalarType.Double), x => x.to_type(TorchSharp.torch.ScalarType.Float64)),
        ("relu", x => x.Relu(), x => F.relu(x)),
        ("sigmoid", x => x.Sigmoid(), x => x.sigmoid()),
        ("tanh", x => x.Tanh(), x => x.tanh()),
        ("silu", x => x.Silu(), x => F.silu(x)),
        ("mish", x => x.Mish(), x => F.mish(x)),
        ("hardswish", x => x.HardSwish(), x => F.hardswish(x)),
        ("hardsigmoid", x => x.HardSigmoid(), x => F.hardsigmoid(x)),
        ("relu6", x => x.Relu6(), x => F.relu6(x)),
        ("log_sigmoid", x => x.LogSigmoid(), x => F.logsigmoid(x)),
        // libtorch's own gelu gives NaN for infinity where it calls a library for it.
        ("gelu", x => x.Gelu(), x => x * 0.5 * (1 + (x * Math.Sqrt(0.5)).erf())),
        ("gelu tanh", x => x.Gelu("tanh"), x => F.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh)),
        ("leaky_relu", x => x.LeakyRelu(0.2), x => F.leaky_relu(x, 0.2)),
        ("elu", x => x.Elu(1.5), x => F.elu(x, 1.5)),
        ("softplus", x => x.Softplus(), x => F.softplus(x)),
        ("hardtanh", x => x.HardTanh(-0.5, 0.75), x => x.clamp(-0.5, 0.75)),
        ("dropout", x => x.Dropout(), x => x),
    ];

    // Of 1e30 these have no digits that two libraries must share.
    private static readonly (string Name, Func<GraphTensor, GraphTensor> Graph, Func<Tensor, Tensor> Expected)[] Finite =
    [
        ("sin", x => x.Sin(), x => x.sin()),
        ("cos", x => x.Cos(), x => x.cos()),
        ("to int", x => x.To(Sdk.ScalarType.Int), x => x.to_type(TorchSharp.torch.ScalarType.Int32)),
    ];

    public static IEnumerable<OracleCase> All(ValueSource values)
    {
        foreach (var (name, graph, expected) in Everywhere.Concat(Finite))
        {
            foreach (var shape in values.Shapes())
            {
                yield return Case(name, [values.Normal(shape)], x => graph(x[0]), x => expected(x[0]));
            }
        }

        foreach (var (name, graph, expected) in Everywhere)
        {
            yield return Case($"{name} extreme", [values.Extreme(5, 13)], x => graph(x[0]), x => expected(x[0]));
        }

        yield return Case("bitwise_not", [values.Longs(-9, 9, 3, 5)], x => x[0].BitwiseNot(), x => x[0].bitwise_not());
        yield return Case("abs int64", [values.Longs(-9, 9, 3, 5)], x => x[0].Abs(), x => x[0].abs());
        yield return Case("to float", [values.Bools(3, 5)], x => x[0].To(Sdk.ScalarType.Float), x => x[0].to_type(TorchSharp.torch.ScalarType.Float32));
        yield return Case("glu", [values.Normal(2, 3, 8)], x => x[0].Glu(-1), x => F.glu(x[0], -1));
        yield return Case("glu dim 0", [values.Normal(2, 3)], x => x[0].Glu(0), x => F.glu(x[0], 0));
        yield return Case("prelu", [values.Normal(2, 3, 4)], [values.Normal(3)], (x, w) => x[0].PRelu(w[0]), (x, w) => F.prelu(x[0], w[0]));
        yield return Case("prelu one", [values.Normal(2, 3, 4)], [values.Normal(1)], (x, w) => x[0].PRelu(w[0]), (x, w) => F.prelu(x[0], w[0]));
    }
}
