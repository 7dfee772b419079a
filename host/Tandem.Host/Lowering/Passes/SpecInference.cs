using System.Collections.Immutable;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Specs of what nodes of the edge dialect give: no views, so that no strides are left.</summary>
internal static class SpecInference
{
    /// <summary>Infers the results of a node.</summary>
    /// <param name="editor">Knows the values.</param>
    /// <param name="node">The node; its outputs are not read.</param>
    /// <returns>One spec for each result; null for an operator without a rule.</returns>
    public static TensorSpec[]? Infer(GraphEditor editor, GraphNode node)
    {
        if (!OperatorTable.TryGet(node.FullName, out var schema) || !ShapeInference.Knows(schema))
        {
            return null;
        }

        try
        {
            var results = ShapeInference.Infer(new OperatorArguments(schema, node.Arguments, editor.Get)
            {
                NewSymbol = (minimum, maximum) => SymbolicInt.Symbol(editor.Fresh("count"), minimum, maximum),
            });
            return results.Any(result => result.Tensor is null) ? null : [.. results.Select(result => WithoutStrides(result.Tensor!))];
        }
        catch (TandemException error) when (error.Code is ErrorCode.OperatorArgumentInvalid or ErrorCode.OperatorTypeNotSupported or ErrorCode.ArgumentInvalid)
        {
            throw editor.NotLowerable(node, $"{error.Problem} (expected {error.Details.Expected}, found {error.Details.Found})");
        }
    }

    /// <summary>The spec of a tensor of its own memory.</summary>
    public static TensorSpec WithoutStrides(TensorSpec spec) => spec.Strides.IsDefault && spec.StorageOffset is { IsConstant: true, Value: 0 } ? spec
        : spec.Strides.IsDefault ? spec with { StorageOffset = 0 } : TensorSpec.Contiguous(spec.ScalarType, spec.Sizes.AsSpan());

    /// <summary>What is known of a tensor from inference and from the exporter: dtype and dim order as inferred, sizes as the exporter wrote them, the tighter range.</summary>
    public static TensorSpec? Merge(TensorSpec? inferred, TensorSpec? exported)
    {
        if (inferred is null || exported is null || inferred.Rank != exported.Rank)
        {
            return inferred ?? exported;
        }

        ImmutableArray<SymbolicInt>.Builder? sizes = null;
        for (var i = 0; i < inferred.Rank; i++)
        {
            var size = Merge(inferred.Sizes[i], exported.Sizes[i]);
            if (!ReferenceEquals(size, inferred.Sizes[i]))
            {
                sizes ??= inferred.Sizes.ToBuilder();
                sizes[i] = size;
            }
        }

        return sizes is null ? inferred : new TensorSpec(inferred.ScalarType, sizes.MoveToImmutable(), inferred.DimOrder);
    }

    private static SymbolicInt Merge(SymbolicInt inferred, SymbolicInt exported)
    {
        if (inferred.IsConstant || exported.IsConstant)
        {
            return inferred.IsConstant ? inferred : exported;
        }

        var (minimum, maximum) = (Math.Max(inferred.Minimum, exported.Minimum), Math.Min(inferred.Maximum, exported.Maximum));
        return minimum == inferred.Minimum && maximum == inferred.Maximum && inferred.Expression == exported.Expression ? inferred
            : (minimum == exported.Minimum && maximum == exported.Maximum) || minimum > maximum ? exported
            : SymbolicInt.Symbol(exported.Expression!, minimum, maximum);
    }
}
