using System.Collections.Immutable;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that make one element of many, and those that scan or order a dimension.</summary>
internal static class ReductionRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(call => Reduce(call, Summed), "sum prod nansum");
        add(call => Reduce(call, Averaged), "mean nanmean");
        add(call => Reduce(call, static (call, type) => type), "amax amin max min median nanmedian mode");
        add(call => Reduce(call, static (call, type) => type == ScalarType.Byte ? type : ScalarType.Bool), "any all");
        add(call => Reduce(call, static (call, type) => ScalarType.Long), "argmax argmin count_nonzero");
        add(call => Reduce(call, static (call, type) => Floating(call, type)), "var std logsumexp norm linalg_vector_norm special_logsumexp var_mean std_mean");
        add(call => Reduce(call, static (call, type) => type), "aminmax");
        add(Scan, "cumsum cumprod cummax cummin logcumsumexp");
        add(Softmax, "softmax log_softmax _softmax _log_softmax softmin special_softmax special_log_softmax _safe_softmax");
        add(Sort, "sort argsort");
        add(TopK, "topk");
        add(Loss, "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div");
        add(CrossEntropy, "cross_entropy_loss nll_loss nll_loss_nd");
    }

    private static ScalarType Summed(OperatorArguments call, ScalarType type) => type.IsInteger() || type == ScalarType.Bool ? ScalarType.Long : type;

    private static ScalarType Averaged(OperatorArguments call, ScalarType type) => type.IsFloatingPoint() || type.IsComplex() ? type
        : throw call.Refuse("a mean needs fractions", "a floating-point tensor, or a dtype", type.TorchName(), ErrorCode.OperatorTypeNotSupported);

    private static ScalarType Floating(OperatorArguments call, ScalarType type) => call.Operator.Contains("logsumexp") ? TypePromotion.ToFloat(type)
        : type.IsFloatingPoint() || type.IsComplex() ? type
        : throw call.Refuse("the operator needs fractions", "a floating-point tensor", type.TorchName(), ErrorCode.OperatorTypeNotSupported);

    private static ImmutableArray<InferredValue> Reduce(OperatorArguments call, Func<OperatorArguments, ScalarType, ScalarType> resultType)
    {
        var self = call.Tensor("self");
        var given = call.Has("dtype") ? call.DataType("dtype") : null;
        var type = given ?? resultType(call, self.ScalarType);
        var dims = call.Has("dim") ? call.OptionalInts("dim") : null;
        var marked = ShapeRules.Marked(call, dims, self.Rank);
        var sizes = ShapeRules.Reduced(self.Sizes, marked, call.Has("keepdim") && call.Bool("keepdim"));
        if (call.Operator is "aten::amax" or "aten::amin" or "aten::max" or "aten::min" or "aten::argmax" or "aten::argmin")
        {
            for (var dim = 0; dim < self.Rank; dim++)
            {
                if (marked[dim] && self.Sizes[dim] is { IsConstant: true, Value: 0 })
                {
                    throw call.Refuse("an empty dimension has no extreme", "1 or more elements", self.ToString());
                }
            }
        }

        TensorSpec result = Layouts.Contiguous(type, sizes);
        return call.Schema.Returns.Length != 2 ? [result]
            : call.Operator is "aten::aminmax" or "aten::var_mean" or "aten::std_mean" ? [result, result]
            : [result, Layouts.Contiguous(ScalarType.Long, sizes)];
    }

    private static ImmutableArray<InferredValue> Scan(OperatorArguments call)
    {
        var self = call.Tensor("self");
        call.Dim("dim", self.Rank);
        var type = (call.Has("dtype") ? call.DataType("dtype") : null)
            ?? (call.Operator is "aten::cumsum" or "aten::cumprod" ? Summed(call, self.ScalarType) : self.ScalarType);
        var result = Layouts.Elementwise(type, self.Sizes, self);
        return call.Schema.Returns.Length == 2 ? [result, result with { ScalarType = ScalarType.Long }] : [result];
    }

    private static ImmutableArray<InferredValue> Softmax(OperatorArguments call)
    {
        var self = call.Tensor("self");
        call.Dim("dim", self.Rank);
        var type = (call.Has("dtype") ? call.DataType("dtype") : null)
            ?? (call.Has("half_to_float") && call.Bool("half_to_float") ? ScalarType.Float : call.FloatTensor("self").ScalarType);
        return [Layouts.Dense(type, self.Sizes, Layouts.IsChannelsLast(self) ? self.DimOrder : [])];
    }

    private static ImmutableArray<InferredValue> Sort(OperatorArguments call)
    {
        var self = call.Tensor("self");
        call.Dim("dim", self.Rank);
        var values = Layouts.Elementwise(self.ScalarType, self.Sizes, self);
        var indices = values with { ScalarType = ScalarType.Long };
        return call.Operator == "aten::argsort" ? [indices] : [values, indices];
    }

    private static ImmutableArray<InferredValue> TopK(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Rank);
        var k = call.Size("k");
        if (k.Minimum < 0 || (self.Rank > 0 && k.Minimum > self.Sizes[dim].Maximum))
        {
            throw call.Refuse("'k' is larger than the dimension", $"0 to {(self.Rank > 0 ? self.Sizes[dim] : 1)}", k.ToString());
        }

        var sizes = ShapeRules.With(self.Sizes, dim, k);
        return [Layouts.Contiguous(self.ScalarType, sizes), Layouts.Contiguous(ScalarType.Long, sizes)];
    }

    private static ImmutableArray<InferredValue> Loss(OperatorArguments call)
    {
        var (self, target) = (call.Tensor("self"), call.Tensor("target"));
        var promotion = new Promotion();
        promotion.Add(self);
        promotion.Add(target);
        var sizes = ShapeRules.Broadcast(call, self, target);
        return [call.Int("reduction") == 0 ? Layouts.Elementwise(promotion.Result, sizes, self, target) : Layouts.Contiguous(promotion.Result, [])];
    }

    private static ImmutableArray<InferredValue> CrossEntropy(OperatorArguments call)
    {
        var (self, target) = (call.FloatTensor("self"), call.Tensor("target"));
        ImmutableArray<SymbolicInt> each = self.Rank == 1 ? [] : self.Sizes.RemoveAt(1);
        if (!ShapeRules.SameSizes(target.Sizes, each) && !ShapeRules.SameSizes(target.Sizes, self.Sizes))
        {
            throw call.Refuse("'target' has the wrong shape", ShapeRules.Text(each), target.ToString());
        }

        return [Layouts.Contiguous(self.ScalarType, call.Int("reduction") == 0 ? each : [])];
    }
}
