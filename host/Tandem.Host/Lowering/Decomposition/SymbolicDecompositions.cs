using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Arithmetic on sizes, as ExecuTorch's primitive operators.</summary>
internal static class SymbolicDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        foreach (var name in (ReadOnlySpan<string>)["add", "sub", "mul", "floordiv", "truediv", "mod", "eq", "lt", "le", "gt", "ge"])
        {
            table.AddMany("_operator::" + name, (editor, call) => Primitive(editor, call, name));
        }

        table.AddMany("_operator::neg", (editor, call) => Primitive(editor, call, "neg"));
        table.AddMany("_operator::not_", (editor, call) => Primitive(editor, call, "sym_not"));
        foreach (var name in (ReadOnlySpan<string>)["sym_max", "sym_min", "sym_int", "sym_float", "sym_not", "sym_ite"])
        {
            table.AddMany("torch::" + name, (editor, call) => Primitive(editor, call, name));
        }

        foreach (var name in (ReadOnlySpan<string>)["ceil", "round", "trunc"])
        {
            table.AddMany("math::" + name, (editor, call) => Primitive(editor, call, name));
        }

        table.AddMany("aten::item", (editor, call) => editor.Keep(call.Node with { Operator = "aten::_local_scalar_dense" }));
        table.AddMany("aten::size.int", (editor, call) => editor.Keep(call.Node with { Operator = "aten::sym_size" }));
        table.AddMany("aten::numel", (editor, call) => editor.Keep(call.Node with { Operator = "aten::sym_numel" }));
    }

    private static IReadOnlyList<GraphValue> Primitive(GraphEditor editor, OperatorCall call, string name) =>
        editor.Keep(call.Node with { Operator = "executorch_prim::" + name, Overload = "Scalar" });
}
