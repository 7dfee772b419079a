using Tandem.Host.Lowering.Passes;
using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of operators that gather elements by index; where the number of results depends on data, its bound is the number of elements.</summary>
internal static class IndexSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        rules.Add("aten::index", call => [Index(call)]);
        rules.Add("aten::_unsafe_index", call => [Index(call)]);
        rules.Add("aten::index_select", call =>
        {
            var (spec, index) = (ViewSpecs.Self(call), call.Tensor("index").Tensor!);
            return [SpecInference.Contiguous(spec.ScalarType, spec.Rank == 0 ? spec.Sizes : spec.Sizes.SetItem(call.Dim("dim", spec.Rank), SymbolicMath.Product(index.Sizes.AsSpan())))];
        });
        rules.Add("aten::gather", call => [SpecInference.Contiguous(ViewSpecs.Self(call).ScalarType, call.Tensor("index").Tensor!.Sizes)]);
        rules.Add("aten::take", rules["aten::gather"]);
        rules.Add("aten::embedding", call =>
        {
            var (weight, indices) = (call.Tensor("weight").Tensor!, call.Tensor("indices").Tensor!);
            return [SpecInference.Contiguous(weight.ScalarType, indices.Sizes.Add(weight.Sizes[1]))];
        });
        rules.Add("aten::masked_select", call =>
        {
            var spec = ViewSpecs.Self(call);
            var sizes = SpecInference.Broadcast(call, [spec, call.Tensor("mask").Tensor!]);
            return [SpecInference.Contiguous(spec.ScalarType, [Counted(call, SymbolicMath.Product(sizes))])];
        });
        rules.Add("aten::nonzero", call =>
        {
            var spec = ViewSpecs.Self(call);
            return [SpecInference.Contiguous(ScalarType.Long, [Counted(call, SymbolicMath.Product(spec.Sizes.AsSpan())), spec.Rank])];
        });
        rules.Add("aten::repeat_interleave.Tensor", call =>
            [SpecInference.Contiguous(call.Tensor("repeats").Tensor!.ScalarType, [call.Find("output_size") is { } size ? call.Size(size) : SymbolicInt.Symbol($"repeats_{call.Tensor("repeats").Name}")])]);
    }

    private static SymbolicInt Counted(OperatorCall call, SymbolicInt all) => SymbolicInt.Symbol($"count_{call.Tensor("self").Name}", 0, all.Maximum);

    private static TensorSpec Index(OperatorCall call)
    {
        var spec = ViewSpecs.Self(call);
        var indices = new List<TensorSpec>();
        var (first, last, taken, isSplit) = (-1, -1, 0, false);
        var sizes = new List<SymbolicInt>();
        foreach (var item in call.List("indices"))
        {
            if (item is not GraphArgument.Reference)
            {
                sizes.Add(spec.Sizes[taken++]);
                continue;
            }

            isSplit |= last >= 0 && last != sizes.Count;
            first = first < 0 ? sizes.Count : first;
            last = sizes.Count;
            var index = call.Reference(item).Tensor!;
            if (index.ScalarType is ScalarType.Bool or ScalarType.Byte)
            {
                // A mask stands for as many dimensions as it has, and picks at most all of their elements.
                indices.Add(SpecInference.Contiguous(ScalarType.Long, [SymbolicInt.Symbol($"count_{call.Reference(item).Name}", 0, SymbolicMath.Product(index.Sizes.AsSpan()).Maximum)]));
                taken += index.Rank;
            }
            else
            {
                indices.Add(index);
                taken++;
            }
        }

        sizes.AddRange(spec.Sizes.Skip(taken));
        sizes.InsertRange(isSplit ? 0 : Math.Max(first, 0), SpecInference.Broadcast(call, indices));
        return SpecInference.Contiguous(spec.ScalarType, sizes);
    }
}
