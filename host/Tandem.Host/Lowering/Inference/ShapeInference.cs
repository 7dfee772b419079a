using System.Collections.Frozen;
using System.Collections.Immutable;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Says what the results of an operator are, by the rules of eager PyTorch: promotion, broadcasting, window arithmetic, symbolic sizes with bounds.</summary>
/// <remarks>Thread-safe. In-place forms give what they write; "_copy" forms give the view's sizes in a contiguous tensor.</remarks>
internal static class ShapeInference
{
    /// <summary>One rule: checks the arguments and gives a value for each result.</summary>
    internal delegate ImmutableArray<InferredValue> Rule(OperatorArguments call);

    private static readonly Lazy<FrozenDictionary<string, Rule>> Rules = new(() =>
    {
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        void Add(Rule rule, string names)
        {
            foreach (var name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                rules.Add(name.Contains("::") ? name : "aten::" + name, rule);
            }
        }

        PointwiseRules.Register(Add);
        ReductionRules.Register(Add);
        ViewRules.Register(Add);
        JoinRules.Register(Add);
        IndexRules.Register(Add);
        MatMulRules.Register(Add);
        WindowRules.Register(Add);
        NormalizationRules.Register(Add);
        FactoryRules.Register(Add);
        ResamplingRules.Register(Add);
        RecurrentRules.Register(Add);
        QuantizationRules.Register(Add);
        return rules.ToFrozenDictionary(StringComparer.Ordinal);
    });

    /// <summary>Whether there is a rule for an operator.</summary>
    /// <param name="schema">Its schema.</param>
    /// <returns>True if <see cref="Infer"/> knows it.</returns>
    public static bool Knows(OperatorSchema schema) => FindRule(schema.Name) is not null;

    /// <summary>Infers the results of a call.</summary>
    /// <param name="call">The operator and its arguments.</param>
    /// <returns>A value for each result; lists of tensors are flattened.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.OperatorArgumentInvalid"/> or <see cref="ErrorCode.OperatorTypeNotSupported"/>: eager PyTorch refuses such arguments, or the
    /// shapes of their results cannot be known ahead of time; <see cref="ErrorCode.OperatorMissing"/>: there is no rule for the operator.
    /// </exception>
    public static ImmutableArray<InferredValue> Infer(OperatorArguments call)
    {
        var rule = FindRule(call.Schema.Name) ?? throw call.Refuse("the shapes of this operator's results are not known", "an operator with a shape rule",
            call.Schema.Name, ErrorCode.OperatorMissing);
        var results = rule(call);

        // An in-place form gives the tensor that it writes, once the arguments are known to fit.
        if (call.Operator.EndsWith('_') && call.Schema.Parameters is [{ IsWritten: true, Name: var written }, ..])
        {
            var target = call.Tensor(written);
            return results is [{ Tensor: { } result }] && !ShapeRules.SameSizes(result.Sizes, target.Sizes)
                ? throw call.Refuse("the result does not fit the tensor that it is written to", target.ToString(), result.ToString()) : [target];
        }

        return call.Operator.EndsWith("_copy", StringComparison.Ordinal) && call.Operator is not ("aten::_to_copy" or "aten::lift_fresh_copy" or "dim_order_ops::_to_dim_order_copy")
            ? [.. results.Select(result => result.Tensor is { } tensor ? new InferredValue(Layouts.Contiguous(tensor.ScalarType, tensor.Sizes)) : result)]
            : results;
    }

    private static Rule? FindRule(string name)
    {
        var rules = Rules.Value;
        var dot = name.IndexOf('.');
        var bare = dot < 0 ? name : name[..dot];
        return rules.GetValueOrDefault(name) ?? rules.GetValueOrDefault(bare)
            ?? (bare.EndsWith('_') ? rules.GetValueOrDefault(bare[..^1]) : null)
            ?? (bare.EndsWith("_copy", StringComparison.Ordinal) ? rules.GetValueOrDefault(bare[..^5]) : null);
    }
}
