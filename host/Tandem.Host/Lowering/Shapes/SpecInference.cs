using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Dtype, sizes and dim order of what an operator gives, from what it is given. Sizes may be symbolic; ranges are kept.</summary>
internal static class SpecInference
{
    private static readonly Lazy<Dictionary<string, SpecRule>> Rules = new(Create);

    /// <summary>The specs of an operator's results.</summary>
    internal delegate TensorSpec[] SpecRule(OperatorCall call);

    /// <summary>Infers the specs of a node's results.</summary>
    /// <param name="editor">Knows the values.</param>
    /// <param name="node">The node; its outputs are not read.</param>
    /// <returns>One spec for each result; null for an operator without a rule.</returns>
    public static TensorSpec[]? Infer(GraphEditor editor, GraphNode node) =>
        Rules.Value.TryGetValue(node.FullName, out var rule) || Rules.Value.TryGetValue(Functional(node.Operator), out rule) ? rule(new OperatorCall(editor, node)) : null;

    /// <summary>What is known of a tensor from inference and from the exporter: dtype and dim order as inferred, sizes as the exporter wrote them, the tighter range.</summary>
    public static TensorSpec? Merge(TensorSpec? inferred, TensorSpec? exported)
    {
        if (inferred is null || exported is null || inferred.Rank != exported.Rank)
        {
            return inferred ?? exported;
        }

        var sizes = ImmutableArray.CreateBuilder<SymbolicInt>(inferred.Rank);
        for (var i = 0; i < inferred.Rank; i++)
        {
            sizes.Add(Merge(inferred.Sizes[i], exported.Sizes[i]));
        }

        return new TensorSpec(inferred.ScalarType, sizes.MoveToImmutable(), inferred.DimOrder);
    }

    private static SymbolicInt Merge(SymbolicInt inferred, SymbolicInt exported)
    {
        if (inferred.IsConstant || exported.IsConstant)
        {
            return inferred.IsConstant ? inferred : exported;
        }

        var (minimum, maximum) = (Math.Max(inferred.Minimum, exported.Minimum), Math.Min(inferred.Maximum, exported.Maximum));
        return (minimum == exported.Minimum && maximum == exported.Maximum) || minimum > maximum ? exported
            : SymbolicInt.Symbol(exported.Expression!, minimum, maximum);
    }

    /// <summary>A contiguous spec.</summary>
    public static TensorSpec Contiguous(ScalarType type, IEnumerable<SymbolicInt> sizes) => TensorSpec.Contiguous(type, [.. sizes]);

    /// <summary>A spec in the dim order of another tensor where that has the same rank.</summary>
    public static TensorSpec Like(TensorSpec layout, ScalarType type, params IReadOnlyList<SymbolicInt> sizes) =>
        layout.Rank == sizes.Count ? new TensorSpec(type, [.. sizes], layout.DimOrder) : Contiguous(type, sizes);

    /// <summary>The sizes to which tensors broadcast.</summary>
    public static SymbolicInt[] Broadcast(OperatorCall call, IReadOnlyList<TensorSpec> specs)
    {
        var sizes = new SymbolicInt[specs.Count == 0 ? 0 : specs.Max(spec => spec.Rank)];
        Array.Fill(sizes, (SymbolicInt)1);
        foreach (var spec in specs)
        {
            for (var i = 0; i < spec.Rank; i++)
            {
                ref var size = ref sizes[sizes.Length - spec.Rank + i];
                size = Broadcast(call, size, spec.Sizes[i]);
            }
        }

        return sizes;
    }

    /// <summary>The spec of a pointwise result: broadcast sizes, and the dim order that all operands of full rank share.</summary>
    public static TensorSpec Pointwise(OperatorCall call, ScalarType type, params IReadOnlyList<TensorSpec> specs)
    {
        var sizes = Broadcast(call, specs);
        TensorSpec? layout = null;
        foreach (var spec in specs)
        {
            if (spec.Rank == sizes.Length && SymbolicMath.AreEqual(spec.Sizes.AsSpan(), sizes))
            {
                if (layout is not null && !layout.DimOrder.AsSpan().SequenceEqual(spec.DimOrder.AsSpan()))
                {
                    return Contiguous(type, sizes);
                }

                layout ??= spec;
            }
        }

        return layout is null ? Contiguous(type, sizes) : Like(layout, type, sizes);
    }

    private static SymbolicInt Broadcast(OperatorCall call, SymbolicInt left, SymbolicInt right) =>
        left is { IsConstant: true, Value: 1 } ? right : right is { IsConstant: true, Value: 1 } || SymbolicMath.AreEqual(left, right) ? left
        : left.IsConstant && right.IsConstant ? throw call.Refuse($"sizes {left} and {right} do not broadcast")
        : left.IsConstant ? left : right.IsConstant ? right : left.Maximum <= right.Maximum ? left : right;

    // "aten::view_copy" and "aten::view" give the same.
    private static string Functional(string name) => name.EndsWith("_copy", StringComparison.Ordinal) ? name[..^5] : name;

    private static Dictionary<string, SpecRule> Create()
    {
        var rules = new Dictionary<string, SpecRule>(StringComparer.Ordinal);
        PointwiseSpecs.Register(rules);
        ReductionSpecs.Register(rules);
        ViewSpecs.Register(rules);
        IndexSpecs.Register(rules);
        FactorySpecs.Register(rules);
        LinearSpecs.Register(rules);
        ImageSpecs.Register(rules);
        QuantizedSpecs.Register(rules);
        return rules;
    }
}
