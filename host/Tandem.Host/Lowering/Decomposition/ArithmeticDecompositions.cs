using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Arithmetic: operands meet in one dtype; a number takes the scalar overload.</summary>
internal static class ArithmeticDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        foreach (var name in (ReadOnlySpan<string>)["add", "sub", "mul", "fmod", "bitwise_and", "bitwise_or", "bitwise_xor"])
        {
            table.AddMany($"aten::{name}.Tensor", (editor, call) => Promote(editor, call, $"aten::{name}.Scalar", TypeRules.Result(call, "self", "other")));
            table.AddMany($"aten::{name}.Scalar", (editor, call) => Promote(editor, call, $"aten::{name}.Scalar", TypeRules.Result(call, "self", "other")));
        }

        table.AddMany("aten::remainder.Tensor", (editor, call) => Remainder(editor, call));
        table.AddMany("aten::remainder.Scalar", (editor, call) => Remainder(editor, call));
        table.AddMany("aten::div.Tensor", (editor, call) => Promote(editor, call, "aten::div.Scalar", TypeRules.ToFloat(TypeRules.Result(call, "self", "other"))));
        table.AddMany("aten::div.Scalar", (editor, call) => Promote(editor, call, "aten::div.Scalar", TypeRules.ToFloat(TypeRules.Result(call, "self", "other"))));
        table.AddMany("aten::div.Tensor_mode", (editor, call) => Divide(editor, call, "aten::div.Scalar_mode"));
        table.AddMany("aten::div.Scalar_mode", (editor, call) => Divide(editor, call, "aten::div.Scalar_mode"));
        table.AddMany("aten::floor_divide", (editor, call) => Promote(editor, call, "aten::floor_divide.Scalar", TypeRules.Result(call, "self", "other")));
        table.Add("aten::floor_divide.Scalar", (editor, call) => editor.Call("aten::div.Scalar_mode", call.Tensor("self"), call.Argument("other"), "floor"));
        foreach (var name in (ReadOnlySpan<string>)["maximum", "minimum", "bitwise_left_shift.Tensor", "bitwise_right_shift.Tensor"])
        {
            table.AddMany($"aten::{name}", (editor, call) => Promote(editor, call, null, TypeRules.Result(call, "self", "other")));
        }

        table.AddMany("aten::atan2", (editor, call) => Promote(editor, call, null, TypeRules.ToFloat(TypeRules.Result(call, "self", "other"))));
        table.AddMany("aten::pow.Tensor_Tensor", (editor, call) => Promote(editor, call, null, TypeRules.Result(call, "self", "exponent"), "exponent"));
        table.Add("aten::pow.Tensor_Scalar", Power);
        table.Add("aten::rsub.Tensor", (editor, call) => editor.Call("aten::sub.Tensor", call.Tensor("other"), call.Tensor("self"), call.Find("alpha")));
        table.AddMany("aten::rsub.Scalar", (editor, call) => Promote(editor, call, "aten::rsub.Scalar", TypeRules.Result(call, "self", "other")));
        Names(table, "multiply", "mul", "Tensor", "Scalar");
        Names(table, "subtract", "sub", "Tensor", "Scalar");
        Names(table, "divide", "div", "Tensor", "Scalar", "Tensor_mode", "Scalar_mode");
        Names(table, "true_divide", "div", "Tensor", "Scalar");
        Names(table, "__and__", "bitwise_and", "Tensor", "Scalar");
        Names(table, "__or__", "bitwise_or", "Tensor", "Scalar");
        Names(table, "__xor__", "bitwise_xor", "Tensor", "Scalar");
        Names(table, "arctan2", "atan2", "");
        table.Alias("aten::__lshift__.Tensor", "aten::bitwise_left_shift.Tensor");
        table.Alias("aten::__rshift__.Tensor", "aten::bitwise_right_shift.Tensor");
        table.Alias("aten::__lshift__.Scalar", "aten::bitwise_left_shift.Tensor_Scalar");
        table.Alias("aten::__rshift__.Scalar", "aten::bitwise_right_shift.Tensor_Scalar");
        table.Alias("aten::max.other", "aten::maximum");
        table.Alias("aten::min.other", "aten::minimum");
        table.Add("aten::fmax", (editor, call) => Extreme(editor, call, "maximum"));
        table.Add("aten::fmin", (editor, call) => Extreme(editor, call, "minimum"));
        table.Add("aten::addcmul", (editor, call) => editor.Add(call.Tensor("self"), Scaled(editor, editor.Mul(call.Tensor("tensor1"), call.Tensor("tensor2")), call)));
        table.Add("aten::addcdiv", (editor, call) => editor.Add(call.Tensor("self"), Scaled(editor, editor.Div(call.Tensor("tensor1"), call.Tensor("tensor2")), call)));
        table.Add(["aten::lerp.Scalar", "aten::lerp.Tensor"], (editor, call) =>
            editor.Add(call.Tensor("self"), editor.Mul(editor.Sub(call.Tensor("end"), call.Tensor("self")), call.Argument("weight"))));
        table.Add("aten::square", (editor, call) => editor.Square(call.Tensor("self")));
        table.Add("aten::float_power.Tensor_Scalar", (editor, call) => editor.Power(editor.Cast(call.Tensor("self"), ScalarType.Double), call.Argument("exponent")));
        table.Add("aten::positive", (_, call) => call.Tensor("self"));
        table.Alias("aten::negative", "aten::neg");
        table.Alias("aten::absolute", "aten::abs");
        table.Alias("aten::fix", "aten::trunc");
        table.Add("aten::frac", (editor, call) => editor.Sub(call.Tensor("self"), editor.Unary("trunc", call.Tensor("self"))));
        table.Add("aten::round.decimals", Round);
        table.Alias("aten::clip", "aten::clamp");
        table.Alias("aten::clip.Tensor", "aten::clamp.Tensor");
        table.Add("aten::clamp_min", (editor, call) => editor.Clamp(call.Tensor("self"), call.Argument("min"), default));
        table.Add("aten::clamp_max", (editor, call) => editor.Clamp(call.Tensor("self"), default, call.Argument("max")));
        table.Add("aten::clamp_min.Tensor", (editor, call) => editor.Call("aten::clamp.Tensor", call.Tensor("self"), call.Tensor("min")));
        table.Add("aten::clamp_max.Tensor", (editor, call) => editor.Call("aten::clamp.Tensor", call.Tensor("self"), default, call.Tensor("max")));
        table.Add("aten::clamp", (editor, call) => TypeRules.Result(call, "self", "min", "max") is var type && type != Type(call)
            ? editor.Clamp(editor.Cast(call.Tensor("self"), type), call.Find("min"), call.Find("max")) : null);
        table.Add("aten::clamp.Tensor", ClampToTensors);
        foreach (var name in (ReadOnlySpan<string>)["exp", "expm1", "log", "log2", "log10", "log1p", "sigmoid", "tanh", "sqrt", "rsqrt", "reciprocal", "erf", "sin", "cos", "tan", "asin", "acos",
            "atan", "sinh", "cosh", "asinh", "acosh", "atanh"])
        {
            table.Add("aten::" + name, (editor, call) => TypeRules.ToFloat(Type(call)) is var type && type != Type(call) ? editor.Unary(name, editor.Cast(call.Tensor("self"), type)) : null);
        }

        foreach (var name in (ReadOnlySpan<string>)["sin", "cos", "tan", "sinh", "cosh", "tanh"])
        {
            table.Alias($"aten::arc{name}", $"aten::a{name}");
        }

        table.Add("aten::exp2", (editor, call) => editor.Unary("exp", editor.Mul(editor.Cast(call.Tensor("self"), TypeRules.ToFloat(Type(call))), Math.Log(2))));
        table.Add("aten::erfc", (editor, call) => editor.Call("aten::rsub.Scalar", editor.Unary("erf", call.Tensor("self")), 1.0));
        table.Add("aten::logaddexp", (editor, call) =>
        {
            var (left, right) = (call.Tensor("self"), call.Tensor("other"));
            var distance = editor.Unary("neg", editor.Unary("abs", editor.Sub(left, right)));
            return editor.Add(editor.Maximum(left, right), editor.Unary("log1p", editor.Unary("exp", distance)));
        });
        foreach (var (name, other) in ((string, string)[])[("expit", "sigmoid"), ("exp2", "exp2"), ("expm1", "expm1"), ("log1p", "log1p"), ("erf", "erf"), ("erfc", "erfc"), ("round", "round"), ("logsumexp", "logsumexp"),
            ("logit", "logit"), ("sinc", "sinc")])
        {
            table.Alias($"aten::special_{name}", $"aten::{other}");
        }

        table.Alias("aten::special_xlogy", "aten::xlogy.Tensor");
        table.Add("aten::xlogy.Tensor", (editor, call) =>
        {
            // Zero times anything that is a number is zero.
            var (self, other) = (call.Tensor("self"), call.Tensor("other"));
            var type = TypeRules.ToFloat(TypeRules.Result(call, "self", "other"));
            var product = editor.Mul(self, editor.Unary("log", other));
            var isZero = editor.Call("aten::logical_and", editor.Call("aten::eq.Scalar", self, 0), editor.Unary("logical_not", editor.Unary("isnan", other)));
            return editor.Where(isZero, editor.Scalar(0, type), product);
        });
        table.Add("aten::hypot", (editor, call) => editor.Unary("sqrt", editor.Add(editor.Square(call.Tensor("self")), editor.Square(call.Tensor("other")))));
        table.Add("aten::sinc", (editor, call) =>
        {
            var angle = editor.Mul(editor.Cast(call.Tensor("self"), TypeRules.ToFloat(Type(call))), Math.PI);
            return editor.Where(editor.Call("aten::eq.Scalar", angle, 0), editor.Scalar(1, angle.Tensor!.ScalarType), editor.Div(editor.Unary("sin", angle), angle));
        });
        table.Add("aten::deg2rad", (editor, call) => editor.Mul(call.Tensor("self"), Math.PI / 180));
        table.Add("aten::rad2deg", (editor, call) => editor.Mul(call.Tensor("self"), 180 / Math.PI));
        table.Add("aten::sgn", (editor, call) => editor.Unary("sign", call.Tensor("self")));
    }

    internal static ScalarType Type(OperatorCall call, string name = "self") => call.Tensor(name).Tensor!.ScalarType;

    internal static GraphNode Named(GraphNode node, string name) =>
        name.IndexOf('.') is >= 0 and var dot ? node with { Operator = name[..dot], Overload = name[(dot + 1)..] } : node with { Operator = name, Overload = "" };

    /// <summary>Brings both operands to the dtype in which they meet; a number as the second goes to the scalar overload.</summary>
    internal static IReadOnlyList<GraphValue>? Promote(GraphEditor editor, OperatorCall call, string? scalar, ScalarType type, string other = "other")
    {
        var self = call.Tensor("self");
        if (call.OptionalTensor(other) is not { } right)
        {
            if (scalar is null)
            {
                right = editor.Scalar(call.Argument(other), type);
            }
            else
            {
                var same = call.Node.FullName == scalar;
                return same && self.Tensor!.ScalarType == type ? null
                    : editor.Redispatch(With(Named(call.Node, scalar), "self", editor.Cast(self, type)));
            }
        }

        return self.Tensor!.ScalarType == type && right.Tensor!.ScalarType == type && call.OptionalTensor(other) is not null ? null
            : editor.Redispatch(With(With(call.Node, "self", editor.Cast(self, type)), other, editor.Cast(right, type)));
    }

    internal static GraphNode With(GraphNode node, string name, Arg value)
    {
        var arguments = node.Arguments.ToBuilder();
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i].Name == name)
            {
                arguments[i] = new GraphNamedArgument(name, value.Value!);
            }
        }

        return node with { Arguments = arguments.MoveToImmutable() };
    }

    private static void Names(DecompositionTable table, string name, string other, params ReadOnlySpan<string> overloads)
    {
        foreach (var overload in overloads)
        {
            var dotted = overload.Length == 0 ? "" : "." + overload;
            table.Alias($"aten::{name}{dotted}", $"aten::{other}{dotted}");
        }
    }

    private static IReadOnlyList<GraphValue>? Divide(GraphEditor editor, OperatorCall call, string scalar) => call.Has("rounding_mode")
        ? Promote(editor, call, scalar, TypeRules.Result(call, "self", "other"))
        : [editor.Div(call.Tensor("self"), call.Argument("other"))];

    // What eager PyTorch computes for these exponents too.
    private static GraphValue? Power(GraphEditor editor, OperatorCall call)
    {
        var (self, type) = (call.Tensor("self"), TypeRules.Result(call, "self", "exponent"));
        if (type != self.Tensor!.ScalarType)
        {
            return editor.Power(editor.Cast(self, type), call.Argument("exponent"));
        }

        double? exponent = call.Argument("exponent") switch { GraphArgument.Int number => number.Value, GraphArgument.Float number => number.Value, _ => null };
        return exponent switch
        {
            1 => self,
            2 => editor.Square(self),
            3 => editor.Mul(editor.Square(self), self),
            0.5 when type.IsFloatingPoint() => editor.Unary("sqrt", self),
            -0.5 when type.IsFloatingPoint() => editor.Unary("rsqrt", self),
            -1 when type.IsFloatingPoint() => editor.Unary("reciprocal", self),
            -2 when type.IsFloatingPoint() => editor.Unary("reciprocal", editor.Square(self)),
            _ => null,
        };
    }

    // Of integers: what floor division leaves, since ExecuTorch's kernel gives it the sign of the dividend.
    private static IReadOnlyList<GraphValue>? Remainder(GraphEditor editor, OperatorCall call)
    {
        var type = TypeRules.Result(call, "self", "other");
        if (!type.IsInteger())
        {
            return Promote(editor, call, "aten::remainder.Scalar", type);
        }

        var self = editor.Cast(call.Tensor("self"), type);
        if (call.OptionalTensor("other") is { } tensor)
        {
            var other = editor.Cast(tensor, type);
            return [editor.Sub(self, editor.Mul(editor.Call("aten::div.Tensor_mode", self, other, "floor"), other))];
        }

        return [editor.Sub(self, editor.Mul(editor.Call("aten::div.Scalar_mode", self, call.Argument("other"), "floor"), call.Argument("other")))];
    }

    private static GraphValue Extreme(GraphEditor editor, OperatorCall call, string name)
    {
        var (left, right) = (call.Tensor("self"), call.Tensor("other"));
        var extreme = editor.Call("aten::" + name, left, right);
        return editor.Where(editor.Unary("isnan", left), right, editor.Where(editor.Unary("isnan", right), left, extreme));
    }

    private static GraphValue Scaled(GraphEditor editor, GraphValue product, OperatorCall call) => call.Double("value") == 1 ? product : editor.Mul(product, call.Argument("value"));

    private static GraphValue Round(GraphEditor editor, OperatorCall call)
    {
        var (self, decimals) = (call.Tensor("self"), call.Int("decimals"));
        var power = Math.Pow(10, Math.Abs(decimals));
        return decimals == 0 || !Type(call).IsFloatingPoint() ? editor.Unary("round", self)
            : decimals > 0 ? editor.Div(editor.Unary("round", editor.Mul(self, power)), power) : editor.Mul(editor.Unary("round", editor.Div(self, power)), power);
    }

    private static GraphValue? ClampToTensors(GraphEditor editor, OperatorCall call)
    {
        var type = TypeRules.Result(call, "self", "min", "max");
        var (self, minimum, maximum) = (call.Tensor("self"), call.OptionalTensor("min"), call.OptionalTensor("max"));
        return Type(call) == type && (minimum?.Tensor!.ScalarType ?? type) == type && (maximum?.Tensor!.ScalarType ?? type) == type ? null
            : editor.Call("aten::clamp.Tensor", editor.Cast(self, type), minimum is null ? Arg.None : editor.Cast(minimum, type), maximum is null ? Arg.None : editor.Cast(maximum, type));
    }
}
