using Tandem.Host.Lowering.Operators;

namespace Tandem.Host.Import.Models;

/// <summary>Turns the target of a node ("torch.ops.aten.add.Tensor") into namespace, operator and overload.</summary>
internal static class OperatorName
{
    private const string Registered = "torch.ops.";
    private const string HigherOrder = "torch.ops.higher_order.";

    /// <summary>The operator and its overload; null if it is neither in the operator table nor one of the special forms.</summary>
    internal static (string Operator, string Overload)? Parse(string target)
    {
        if (target.StartsWith(HigherOrder, StringComparison.Ordinal))
        {
            return HigherOrderParameters(target[HigherOrder.Length..]) is null ? null : ($"higher_order::{target[HigherOrder.Length..]}", "");
        }

        if (target.StartsWith(Registered, StringComparison.Ordinal))
        {
            var parts = target[Registered.Length..].Split('.');
            if (parts.Length != 3)
            {
                return null;
            }

            var (name, overload) = ($"{parts[0]}::{parts[1]}", parts[2] == "default" ? "" : parts[2]);
            return OperatorTable.TryGet(overload.Length == 0 ? name : $"{name}.{overload}", out _) ? (name, overload) : null;
        }

        return IsSymbolic(target) ? ($"{target[..target.LastIndexOf('.')]}::{target[(target.LastIndexOf('.') + 1)..]}", "") : null;
    }

    /// <summary>Names of the arguments of a control flow operator, which archives leave out; null if the operator is unknown.</summary>
    internal static string[]? HigherOrderParameters(string name) => name switch
    {
        "cond" => ["pred", "true_fn", "false_fn", "operands"],
        "map" or "map_impl" => ["f", "xs", "pos_args"],
        "while_loop" => ["cond_fn", "body_fn", "carried_inputs", "additional_inputs"],
        "scan" => ["combine_fn", "init", "xs", "additional_inputs"],
        "wrap_with_set_grad_enabled" => ["enable_grad", "wrapped_func"],
        "wrap_with_autocast" => ["device_type", "dtype", "enabled", "cache_enabled", "wrapped_func"],
        _ => null,
    };

    // Arithmetic of Python on symbolic numbers.
    private static bool IsSymbolic(string target) => target is
        "_operator.add" or "_operator.sub" or "_operator.mul" or "_operator.truediv" or "_operator.floordiv" or "_operator.mod" or "_operator.pow"
        or "_operator.neg" or "_operator.pos" or "_operator.and_" or "_operator.or_" or "_operator.not_" or "_operator.lshift" or "_operator.rshift"
        or "_operator.eq" or "_operator.ne" or "_operator.lt" or "_operator.le" or "_operator.gt" or "_operator.ge"
        or "torch.sym_int" or "torch.sym_float" or "torch.sym_not" or "torch.sym_max" or "torch.sym_min" or "torch.sym_ite" or "torch.sym_sum"
        or "torch._sym_sqrt" or "math.ceil" or "math.floor" or "math.trunc" or "math.round" or "builtins.round" or "builtins.abs";
}
