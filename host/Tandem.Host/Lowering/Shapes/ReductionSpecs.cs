using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of reductions, scans, orders and normalisations.</summary>
internal static class ReductionSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        foreach (var name in (ReadOnlySpan<string>)["sum", "prod", "nansum"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, call.DataType("dtype") ?? TypeRules.ToSum(Type(call)))]);
        }

        rules.Add("aten::mean", call => [Reduce(call, call.DataType("dtype") ?? Type(call))]);
        foreach (var name in (ReadOnlySpan<string>)["amax", "amin", "var", "std", "logsumexp", "norm"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, Type(call))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["any", "all"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, Type(call) == ScalarType.Byte ? ScalarType.Byte : ScalarType.Bool)]);
        }

        foreach (var name in (ReadOnlySpan<string>)["argmax", "argmin"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, ScalarType.Long)]);
        }

        foreach (var name in (ReadOnlySpan<string>)["max", "min", "median"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, Type(call))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["max.dim", "min.dim", "median.dim", "mode", "kthvalue", "nanmedian.dim"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, Type(call)), Reduce(call, ScalarType.Long)]);
        }

        foreach (var name in (ReadOnlySpan<string>)["var_mean", "std_mean"])
        {
            rules.Add("aten::" + name, call => [Reduce(call, Type(call)), Reduce(call, Type(call))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["cumsum", "cumprod"])
        {
            rules.Add("aten::" + name, call => [Same(call, call.DataType("dtype") ?? TypeRules.ToSum(Type(call)))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["_softmax", "_log_softmax"])
        {
            rules.Add("aten::" + name, call => [Same(call, call.Bool("half_to_float") ? ScalarType.Float : Type(call))]);
        }

        rules.Add("aten::topk", call =>
        {
            var spec = Self(call);
            var sizes = spec.Rank == 0 ? spec.Sizes : spec.Sizes.SetItem(call.Dim("dim", spec.Rank), call.Size(call.Argument("k")));
            return [SpecInference.Contiguous(spec.ScalarType, sizes), SpecInference.Contiguous(ScalarType.Long, sizes)];
        });
        rules.Add("aten::sort", call => [SpecInference.Contiguous(Type(call), Self(call).Sizes), SpecInference.Contiguous(ScalarType.Long, Self(call).Sizes)]);
        rules.Add("aten::native_layer_norm", call =>
        {
            var spec = call.Tensor("input").Tensor!;
            var kept = spec.Rank - call.List("normalized_shape").Length;
            var statistics = SpecInference.Contiguous(spec.ScalarType, spec.Sizes.Select((size, i) => i < kept ? size : 1));
            return [SpecInference.Contiguous(spec.ScalarType, spec.Sizes), statistics, statistics];
        });
        rules.Add("aten::native_group_norm", call =>
        {
            var spec = call.Tensor("input").Tensor!;
            var statistics = SpecInference.Contiguous(spec.ScalarType, [call.Size(call.Argument("N")), call.Size(call.Argument("group"))]);
            return [SpecInference.Contiguous(spec.ScalarType, spec.Sizes), statistics, statistics];
        });
        rules.Add("aten::_native_batch_norm_legit_no_training", call => Batch(call, 0));
        rules.Add("aten::_native_batch_norm_legit", call => Batch(call, call.Bool("training") ? call.Tensor("input").Tensor!.Sizes[1] : 0));
        rules.Add("aten::_native_batch_norm_legit.no_stats", call => Batch(call, call.Tensor("input").Tensor!.Sizes[1]));
    }

    private static TensorSpec Self(OperatorCall call) => call.Tensor("self").Tensor!;

    private static ScalarType Type(OperatorCall call) => Self(call).ScalarType;

    private static TensorSpec Same(OperatorCall call, ScalarType type) => Self(call) with { ScalarType = type, Strides = default, StorageOffset = 0 };

    private static TensorSpec[] Batch(OperatorCall call, SymbolicInt statistics)
    {
        var spec = call.Tensor("input").Tensor!;
        var saved = SpecInference.Contiguous(spec.ScalarType, [statistics]);
        return [spec with { Strides = default, StorageOffset = 0 }, saved, saved];
    }

    private static TensorSpec Reduce(OperatorCall call, ScalarType type)
    {
        var spec = Self(call);
        var hasDim = call.Schema?.Find("dim") is not null && call.Has("dim");
        var isList = call.Find("dim") is GraphArgument.List;
        var dims = !hasDim ? [.. Enumerable.Range(0, spec.Rank)] : isList ? call.Dims("dim", spec.Rank) : new[] { call.Dim("dim", spec.Rank) };
        var keeps = call.Schema?.Find("keepdim") is not null && call.Bool("keepdim");
        var sizes = ImmutableArray.CreateBuilder<SymbolicInt>();
        for (var i = 0; i < spec.Rank; i++)
        {
            if (!dims.Contains(i))
            {
                sizes.Add(spec.Sizes[i]);
            }
            else if (keeps)
            {
                sizes.Add(1);
            }
        }

        return keeps ? SpecInference.Like(spec, type, sizes) : SpecInference.Contiguous(type, sizes);
    }
}
