using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of products of matrices and distances.</summary>
internal static class LinearSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        rules.Add("aten::mm", call => [SpecInference.Contiguous(ViewSpecs.Self(call).ScalarType, [ViewSpecs.Self(call).Sizes[0], call.Tensor("mat2").Tensor!.Sizes[1]])]);
        rules.Add("aten::bmm", call =>
        {
            var (left, right) = (ViewSpecs.Self(call), call.Tensor("mat2").Tensor!);
            return [SpecInference.Contiguous(left.ScalarType, [left.Sizes[0], left.Sizes[1], right.Sizes[2]])];
        });
        rules.Add("aten::addmm", call =>
        {
            var (left, right) = (call.Tensor("mat1").Tensor!, call.Tensor("mat2").Tensor!);
            return [SpecInference.Contiguous(left.ScalarType, [left.Sizes[0], right.Sizes[1]])];
        });
        rules.Add("aten::linear", call =>
        {
            var (input, weight) = (call.Tensor("input").Tensor!, call.Tensor("weight").Tensor!);
            var leading = input.Sizes.RemoveAt(input.Rank - 1);
            return [SpecInference.Contiguous(input.ScalarType, weight.Rank == 1 ? leading : leading.Add(weight.Sizes[0]))];
        });
        rules.Add("aten::_cdist_forward", call =>
        {
            var (left, right) = (call.Tensor("x1").Tensor!, call.Tensor("x2").Tensor!);
            var batch = SpecInference.Broadcast(call,
                [SpecInference.Contiguous(left.ScalarType, left.Sizes.Take(left.Rank - 2)), SpecInference.Contiguous(right.ScalarType, right.Sizes.Take(right.Rank - 2))]);
            return [SpecInference.Contiguous(left.ScalarType, [.. batch, left.Sizes[^2], right.Sizes[^2]])];
        });
        rules.Add("aten::_pdist_forward", call =>
        {
            var spec = ViewSpecs.Self(call);
            return [SpecInference.Contiguous(spec.ScalarType, [SymbolicMath.FloorDivide(SymbolicMath.Multiply(spec.Sizes[0], SymbolicMath.Subtract(spec.Sizes[0], 1)), 2)])];
        });
    }
}
