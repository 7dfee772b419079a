using System.Collections.Frozen;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Operators whose result is the bytes of their operand in the same order.</summary>
internal static class ViewOperators
{
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
    [
        "aten::view_copy", "aten::_reshape_copy", "aten::unsqueeze_copy", "aten::squeeze_copy", "aten::squeeze_copy.dim", "aten::squeeze_copy.dims",
        "aten::alias_copy", "aten::detach_copy", "aten::lift_fresh_copy",
    ]);

    /// <summary>Whether a call can be another tensor over the operand's memory, which costs no instruction.</summary>
    internal static bool IsStaticView(GraphNode node, TensorSpec operand, TensorSpec result) => Names.Contains(node.FullName)
        && operand.ScalarType == result.ScalarType && operand.IsStatic && result.IsStatic && IsRowMajor(operand) && IsRowMajor(result)
        && operand.ToUpperBound().ByteCount == result.ToUpperBound().ByteCount;

    /// <summary>Whether a call is a view of sizes that are known at run time, which only sets the sizes.</summary>
    internal static bool IsDynamicView(GraphNode node, TensorSpec operand, TensorSpec result) => node.FullName == "aten::view_copy"
        && operand.ScalarType == result.ScalarType && !(operand.IsStatic && result.IsStatic) && IsRowMajor(operand) && IsRowMajor(result);

    private static bool IsRowMajor(TensorSpec spec) => TensorShapes.IsContiguous(spec.DimOrder.AsSpan());
}
