using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Reductions that are made of others, or stand for one with its dimensions written out.</summary>
internal static class ReductionDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::sum", (editor, call) => editor.Sum(Self(call), All(call), false, call.DataType("dtype")));
        table.Add("aten::mean", (editor, call) => Mean(editor, call, All(call), false));
        table.Add("aten::mean.dim", (editor, call) => call.DataType("dtype") is null && call.Find("dim") is GraphArgument.List { Items.Length: > 0 } ? null
            : Mean(editor, call, call.Dims("dim", Rank(call)), call.Bool("keepdim")));
        table.Add("aten::sum.dim_IntList", (editor, call) => call.Find("dim") is GraphArgument.List { Items.Length: > 0 } || Rank(call) == 0 ? null
            : editor.Sum(Self(call), call.Dims("dim", Rank(call)), call.Bool("keepdim"), call.DataType("dtype")));
        table.Add("aten::amax", (editor, call) => Extreme(editor, call, "amax"));
        table.Add("aten::amin", (editor, call) => Extreme(editor, call, "amin"));
        table.Add("aten::max", (editor, call) => editor.Amax(Self(call), All(call)));
        table.Add("aten::min", (editor, call) => editor.Call("aten::amin", Self(call), All(call)));
        table.AddMany("aten::aminmax", (editor, call) =>
        {
            var dims = call.Has("dim") ? [call.Dim("dim", Rank(call))] : All(call);
            return [editor.Call("aten::amin", Self(call), dims, call.Bool("keepdim")), editor.Amax(Self(call), dims, call.Bool("keepdim"))];
        });
        table.Add("aten::all", (editor, call) => Not(editor, call, editor.Unary("any", Negated(editor, call))));
        table.Add("aten::all.dim", (editor, call) => Not(editor, call, editor.Call("aten::any.dim", Negated(editor, call), call.Argument("dim"), call.Bool("keepdim"))));
        table.Add("aten::all.dims", (editor, call) => Not(editor, call, editor.Call("aten::any.dims", Negated(editor, call), call.Dims("dim", Rank(call)), call.Bool("keepdim"))));
        table.Add(["aten::var", "aten::var.dim"], (editor, call) => Variance(editor, call, "var"));
        table.Add(["aten::std", "aten::std.dim", "aten::std.correction"], (editor, call) => editor.Unary("sqrt", Variance(editor, call, "var")));
        table.AddMany("aten::var_mean", (editor, call) => VarianceAndMean(editor, call));
        table.AddMany("aten::var_mean.dim", (editor, call) => VarianceAndMean(editor, call));
        foreach (var name in (ReadOnlySpan<string>)["aten::std_mean", "aten::std_mean.dim", "aten::std_mean.correction"])
        {
            table.AddMany(name, (editor, call) => VarianceAndMean(editor, call) is var results ? [editor.Unary("sqrt", results[0]), results[1]] : null);
        }

        table.Add("aten::logsumexp", (editor, call) => LogSumExp(editor, Self(call), call.Dims("dim", Rank(call)), call.Bool("keepdim")));
        table.Add("aten::linalg_vector_norm", (editor, call) => Norm(editor, call, call.Double("ord"), call.Dims("dim", Rank(call)), call.Bool("keepdim"), call.DataType("dtype")));
        table.Add("aten::norm.Scalar", (editor, call) => Norm(editor, call, call.Double("p"), All(call), false, null));
        table.Add("aten::norm.ScalarOpt_dim", (editor, call) => Norm(editor, call, call.OptionalDouble("p") ?? 2, call.Dims("dim", Rank(call)), call.Bool("keepdim"), null));
        table.Add("aten::norm.ScalarOpt_dim_dtype", (editor, call) => Norm(editor, call, call.OptionalDouble("p") ?? 2, call.Dims("dim", Rank(call)), call.Bool("keepdim"), call.DataType("dtype")));
        table.Add("aten::frobenius_norm.dim", (editor, call) => Norm(editor, call, 2, call.Dims("dim", Rank(call)), call.Bool("keepdim"), null));
        table.Add("aten::prod", (editor, call) => call.DataType("dtype") is { } type && type != ArithmeticDecompositions.Type(call)
            ? editor.Call("aten::prod", editor.Cast(Self(call), type)) : null);
        table.Add("aten::prod.dim_int", (editor, call) => call.DataType("dtype") is { } type && type != ArithmeticDecompositions.Type(call)
            ? editor.Call("aten::prod.dim_int", editor.Cast(Self(call), type), call.Argument("dim"), call.Bool("keepdim")) : null);
        table.Add("aten::count_nonzero", (editor, call) => editor.Sum(editor.Call("aten::ne.Scalar", Self(call), 0), All(call)));
        table.Add("aten::nansum", (editor, call) => editor.Sum(WithoutNan(editor, call), call.Dims("dim", Rank(call)), call.Bool("keepdim"), call.DataType("dtype")));
        table.Add("aten::nanmean", (editor, call) =>
        {
            var (dims, keeps) = (call.Dims("dim", Rank(call)), call.Bool("keepdim"));
            var count = editor.Sum(editor.Cast(editor.Unary("logical_not", editor.Unary("isnan", Self(call))), ArithmeticDecompositions.Type(call)), dims, keeps);
            return editor.Div(editor.Sum(WithoutNan(editor, call), dims, keeps), count);
        });
        table.Add("aten::linalg_norm", (editor, call) => !call.Has("ord") || (call.Has("dim") && call.List("dim").Length == 1) || (!call.Has("dim") && Rank(call) == 1)
            ? Norm(editor, call, call.OptionalDouble("ord") ?? 2, call.Dims("dim", Rank(call)), call.Bool("keepdim"), call.DataType("dtype"))
            : throw call.Refuse("norms of matrices are not lowered"));
        table.Add("aten::diff", (editor, call) =>
        {
            if (call.Has("prepend") || call.Has("append"))
            {
                throw call.Refuse("differences with something put before or after are not lowered");
            }

            var (value, dim) = (Self(call), call.Dim("dim", Rank(call)));
            for (var i = 0; i < call.Int("n"); i++)
            {
                value = editor.Sub(editor.Slice(value, dim, 1, long.MaxValue), editor.Slice(value, dim, 0, -1));
            }

            return value;
        });
        table.Add("aten::median", (editor, call) => editor.CallAll("aten::median.dim", editor.View(Self(call), -1), 0, false)[0]);
        table.Add("aten::argsort", (editor, call) => editor.CallAll("aten::sort", Self(call), call.Argument("dim"), call.Bool("descending"))[1]);
        table.Add("aten::argsort.stable", (editor, call) => editor.CallAll("aten::sort.stable", Self(call), call.Bool("stable"), call.Argument("dim"), call.Bool("descending"))[1]);
        table.Add("aten::msort", (editor, call) => editor.CallAll("aten::sort", Self(call), 0, false)[0]);
    }

    internal static GraphValue LogSumExp(GraphEditor editor, GraphValue self, int[] dims, bool keeps)
    {
        var greatest = editor.Amax(self, dims, keeps: true);
        var isInfinite = editor.Call("aten::eq.Scalar", editor.Unary("abs", greatest), double.PositiveInfinity);
        var shift = editor.Where(isInfinite, editor.Scalar(0, self.Tensor!.ScalarType), greatest);
        var sum = editor.Sum(editor.Unary("exp", editor.Sub(self, shift)), dims, keeps);
        return editor.Add(editor.Unary("log", sum), keeps ? shift : editor.Squeeze(shift, dims));
    }

    private static GraphValue Self(OperatorCall call) => call.Tensor("self");

    private static int Rank(OperatorCall call) => Self(call).Tensor!.Rank;

    private static int[] All(OperatorCall call) => [.. Enumerable.Range(0, Rank(call))];

    private static GraphValue? Mean(GraphEditor editor, OperatorCall call, int[] dims, bool keeps)
    {
        var self = call.DataType("dtype") is { } type ? editor.Cast(Self(call), type) : Self(call);
        return dims.Length == 0 ? self : editor.Mean(self, dims, keeps);
    }

    private static GraphValue? Extreme(GraphEditor editor, OperatorCall call, string name) => call.Find("dim") is GraphArgument.List { Items.Length: > 0 } || Rank(call) == 0 ? null
        : editor.Call("aten::" + name, Self(call), All(call), call.Bool("keepdim"));

    private static GraphValue Negated(GraphEditor editor, OperatorCall call) => editor.Unary("logical_not", Self(call));

    private static GraphValue Not(GraphEditor editor, OperatorCall call, GraphValue any) =>
        editor.Cast(editor.Unary("logical_not", any), ArithmeticDecompositions.Type(call) == ScalarType.Byte ? ScalarType.Byte : ScalarType.Bool);

    private static Arg Correction(OperatorCall call) => call.Schema?.Find("correction") is not null ? call.Find("correction") is { } number ? number : 1 : call.Bool("unbiased") ? 1 : 0;

    private static Arg Reduced(OperatorCall call) => call.Schema?.Find("dim") is null ? All(call) : call.Dims("dim", Rank(call));

    private static bool Keeps(OperatorCall call) => call.Schema?.Find("keepdim") is not null && call.Bool("keepdim");

    private static GraphValue Variance(GraphEditor editor, OperatorCall call, string name) =>
        editor.Call($"aten::{name}.correction", Self(call), Reduced(call), Correction(call), Keeps(call));

    private static IReadOnlyList<GraphValue> VarianceAndMean(GraphEditor editor, OperatorCall call) =>
        editor.CallAll("aten::var_mean.correction", Self(call), Reduced(call), Correction(call), Keeps(call));

    private static GraphValue WithoutNan(GraphEditor editor, OperatorCall call) => !ArithmeticDecompositions.Type(call).IsFloatingPoint() ? Self(call)
        : editor.Where(editor.Unary("isnan", Self(call)), editor.Scalar(0, ArithmeticDecompositions.Type(call)), Self(call));

    private static GraphValue Norm(GraphEditor editor, OperatorCall call, double order, int[] dims, bool keeps, ScalarType? type)
    {
        var self = type is { } target ? editor.Cast(Self(call), target) : Self(call);
        var absolute = order == 2 ? self : editor.Unary("abs", self);
        return order switch
        {
            double.PositiveInfinity => editor.Amax(absolute, dims, keeps),
            double.NegativeInfinity => editor.Call("aten::amin", absolute, dims, keeps),
            0 => editor.Sum(editor.Cast(editor.Call("aten::ne.Scalar", self, 0), self.Tensor!.ScalarType), dims, keeps),
            1 => editor.Sum(absolute, dims, keeps),
            2 => editor.Unary("sqrt", editor.Sum(editor.Square(self), dims, keeps)),
            _ => editor.Power(editor.Sum(editor.Power(absolute, order), dims, keeps), 1 / order),
        };
    }
}
