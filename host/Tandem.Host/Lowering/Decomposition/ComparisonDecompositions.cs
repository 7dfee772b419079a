using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Comparisons, truth values, choices between values.</summary>
internal static class ComparisonDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        foreach (var (name, other) in ((string, string)[])[("eq", ""), ("ne", "not_equal"), ("lt", "less"), ("le", "less_equal"), ("gt", "greater"), ("ge", "greater_equal")])
        {
            table.AddMany($"aten::{name}.Tensor", (editor, call) => call.OptionalTensor("other") is null
                ? editor.Redispatch(ArithmeticDecompositions.Named(call.Node, $"aten::{name}.Scalar"))
                : ArithmeticDecompositions.Promote(editor, call, null, TypeRules.Result(call, "self", "other")));
            if (other.Length > 0)
            {
                table.Alias($"aten::{other}.Tensor", $"aten::{name}.Tensor");
                table.Alias($"aten::{other}.Scalar", $"aten::{name}.Scalar");
            }
        }

        table.Add("aten::where.self", Where);
        table.Add(["aten::where.Scalar", "aten::where.ScalarOther", "aten::where.ScalarSelf"], Where);
        table.Add("aten::masked_fill.Tensor", (editor, call) =>
            editor.Where(call.Tensor("mask"), editor.Cast(call.Tensor("value"), ArithmeticDecompositions.Type(call)), call.Tensor("self")));
        table.Add("aten::isfinite", (editor, call) => ArithmeticDecompositions.Type(call).IsFloatingPoint()
            ? editor.Call("aten::lt.Scalar", editor.Unary("abs", call.Tensor("self")), double.PositiveInfinity) : editor.Call("aten::eq.Tensor", call.Tensor("self"), call.Tensor("self")));
        table.Add("aten::isposinf", (editor, call) => editor.Call("aten::eq.Scalar", call.Tensor("self"), double.PositiveInfinity));
        table.Add("aten::isneginf", (editor, call) => editor.Call("aten::eq.Scalar", call.Tensor("self"), double.NegativeInfinity));
        table.Add("aten::nan_to_num", NanToNum);
        table.Add("aten::isclose", (editor, call) =>
        {
            var (self, other) = (call.Tensor("self"), call.Tensor("other"));
            var tolerance = editor.Add(editor.Mul(editor.Unary("abs", other), call.Double("rtol")), call.Double("atol"));
            var isNear = editor.Call("aten::logical_and", editor.Call("aten::le.Tensor", editor.Unary("abs", editor.Sub(self, other)), tolerance), editor.Call("aten::isfinite", other));
            isNear = editor.Call("aten::logical_or", editor.Call("aten::eq.Tensor", self, other), isNear);
            return call.Bool("equal_nan") ? editor.Call("aten::logical_or", isNear, editor.Call("aten::logical_and", editor.Unary("isnan", self), editor.Unary("isnan", other))) : isNear;
        });
        table.Add("aten::isin.Tensor_Tensor", (editor, call) =>
        {
            var (elements, tested) = (call.Tensor("elements"), call.Tensor("test_elements"));
            var rank = elements.Tensor!.Rank;
            var isFound = editor.Call("aten::any.dim", editor.Call("aten::eq.Tensor", editor.Unsqueeze(elements, rank), editor.View(tested, -1)), rank, false);
            return call.Bool("invert") ? editor.Unary("logical_not", isFound) : isFound;
        });
        foreach (var (name, numbers, edges) in ((string, string, string)[])[("bucketize.Tensor", "self", "boundaries"), ("searchsorted.Tensor", "self", "sorted_sequence")])
        {
            table.Add("aten::" + name, (editor, call) => Bucket(editor, call, call.Tensor(numbers), call.Tensor(edges)));
        }

        table.Add("aten::heaviside", (editor, call) =>
        {
            var (self, type) = (call.Tensor("self"), ArithmeticDecompositions.Type(call));
            return editor.Where(editor.Call("aten::eq.Scalar", self, 0), call.Tensor("values"), editor.Cast(editor.Call("aten::gt.Scalar", self, 0), type));
        });
    }

    // How many edges of a sorted line lie before each number.
    private static GraphValue Bucket(GraphEditor editor, OperatorCall call, GraphValue numbers, GraphValue edges)
    {
        if (edges.Tensor!.Rank != 1 || call.OptionalTensor("sorter") is not null)
        {
            throw call.Refuse("only one sorted line of boundaries is searched");
        }

        var isRight = call.Bool("right") || (call.Schema!.Find("side") is not null && call.Has("side") && call.Text("side") == "right");
        var rank = numbers.Tensor!.Rank;
        var isBefore = editor.Call(isRight ? "aten::ge.Tensor" : "aten::gt.Tensor", editor.Unsqueeze(numbers, rank), edges);
        var count = editor.Sum(isBefore, [rank], false, ScalarType.Long);
        return call.Bool("out_int32") ? editor.Cast(count, ScalarType.Int) : count;
    }

    private static GraphValue? Where(GraphEditor editor, OperatorCall call)
    {
        var type = TypeRules.Result(call, "self", "other");
        var (left, right) = (call.OptionalTensor("self"), call.OptionalTensor("other"));
        if (left is not null && right is not null && left.Tensor!.ScalarType == type && right.Tensor!.ScalarType == type)
        {
            var condition = call.Tensor("condition");
            return condition.Tensor!.ScalarType is ScalarType.Bool or ScalarType.Byte ? null : editor.Where(editor.Cast(condition, ScalarType.Bool), left, right);
        }

        return editor.Where(call.Tensor("condition"), Operand(editor, call, "self", type), Operand(editor, call, "other", type));
    }

    private static GraphValue Operand(GraphEditor editor, OperatorCall call, string name, ScalarType type) =>
        call.OptionalTensor(name) is { } tensor ? editor.Cast(tensor, type) : editor.Scalar(call.Argument(name), type);

    private static GraphValue NanToNum(GraphEditor editor, OperatorCall call)
    {
        var (self, type) = (call.Tensor("self"), ArithmeticDecompositions.Type(call));
        if (!type.IsFloatingPoint())
        {
            return self;
        }

        var greatest = Greatest(type);
        var result = editor.Where(editor.Unary("isnan", self), editor.Scalar(call.OptionalDouble("nan") ?? 0, type), self);
        result = editor.Where(editor.Call("aten::eq.Scalar", self, double.PositiveInfinity), editor.Scalar(call.OptionalDouble("posinf") ?? greatest, type), result);
        return editor.Where(editor.Call("aten::eq.Scalar", self, double.NegativeInfinity), editor.Scalar(call.OptionalDouble("neginf") ?? -greatest, type), result);
    }

    private static double Greatest(ScalarType type) => type switch
    {
        ScalarType.Half => (double)System.Half.MaxValue,
        ScalarType.BFloat16 => (float)new BFloat16(0x7F7F),
        ScalarType.Double => double.MaxValue,
        _ => float.MaxValue,
    };
}
