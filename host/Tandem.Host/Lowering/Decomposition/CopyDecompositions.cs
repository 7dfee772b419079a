using System.Collections.Immutable;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Copies: one operator of the dim-order dialect where dtype or layout change, nothing where they do not.</summary>
internal static class CopyDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add(["aten::to.dtype", "aten::to.dtype_layout", "aten::_to_copy", "aten::to.device"], (editor, call) => Copy(editor, call, call.DataType("dtype")));
        table.Add(["aten::to.prim_dtype", "aten::to.prim_Device"], (editor, call) => Copy(editor, call, call.DataType("dtype")));
        table.Add("aten::to.other", (editor, call) => Copy(editor, call, ArithmeticDecompositions.Type(call, "other")));
        table.Add("aten::type_as", (editor, call) => editor.Cast(call.Tensor("self"), ArithmeticDecompositions.Type(call, "other")));
        table.Add(["aten::clone", "aten::contiguous"], (editor, call) => Copy(editor, call, null));
        table.Add(["aten::detach", "aten::alias", "aten::lift", "aten::lift_fresh", "aten::lift_fresh_copy", "aten::detach_copy", "aten::alias_copy", "aten::cpu", "aten::resolve_conj", "aten::resolve_neg",
            "aten::pin_memory", "aten::to.prim_other"], (_, call) => call.Tensor("self"));
        table.Add("aten::copy", (editor, call) =>
        {
            var self = call.Tensor("self");
            var source = editor.Cast(call.Tensor("src"), self.Tensor!.ScalarType);
            return editor.Ordered(editor.ExpandTo(source, self.Tensor.Sizes.AsSpan(), self), self.Tensor.DimOrder.AsSpan());
        });
        table.Add("aten::_conj_physical", (_, call) => ArithmeticDecompositions.Type(call).IsComplex() ? null : call.Tensor("self"));
        table.Add(["aten::conj", "aten::conj_physical", "aten::real"], (_, call) => ArithmeticDecompositions.Type(call).IsComplex() ? throw call.Refuse("complex tensors stay whole") : call.Tensor("self"));
        foreach (var (name, type) in ((string, ScalarType)[])[("Byte", ScalarType.Byte), ("Char", ScalarType.Char), ("Short", ScalarType.Short), ("Int", ScalarType.Int), ("Long", ScalarType.Long),
            ("Half", ScalarType.Half), ("Float", ScalarType.Float), ("Double", ScalarType.Double)])
        {
            table.Add("aten::_cast_" + name, (editor, call) => editor.Cast(call.Tensor("self"), type));
        }

        table.Add("dim_order_ops::_to_dim_order_copy", (_, call) => IsSame(call, call.DataType("dtype")) ? call.Tensor("self") : null);
    }

    /// <summary>The dim order that a memory format asks for; null for "as it is".</summary>
    internal static ImmutableArray<byte>? Order(string? memoryFormat, int rank) => Layouts.OfFormat(memoryFormat, rank) is { } order && order.Length == rank ? order : null;

    private static bool IsSame(OperatorCall call, ScalarType? type)
    {
        var spec = call.Tensor("self").Tensor!;
        return (type ?? spec.ScalarType) == spec.ScalarType && (call.OptionalInts("dim_order") is not { } order || order.SequenceEqual(spec.DimOrder.Select(dim => (long)dim)));
    }

    private static GraphValue Copy(GraphEditor editor, OperatorCall call, ScalarType? type)
    {
        var self = call.Tensor("self");
        var spec = self.Tensor!;
        var order = call.Schema?.Find("memory_format") is null ? null : Order(call.MemoryFormat(), spec.Rank);
        if ((type ?? spec.ScalarType) == spec.ScalarType)
        {
            return order is { } wanted ? editor.Ordered(self, wanted.AsSpan()) : self;
        }

        return order is { } layout && !layout.AsSpan().SequenceEqual(spec.DimOrder.AsSpan())
            ? editor.Call("dim_order_ops::_to_dim_order_copy", self, type!.Value, default, default, default, false, layout.Select(dim => (int)dim).ToArray())
            : editor.Cast(self, type!.Value);
    }
}
