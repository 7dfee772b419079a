using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that read or write elements at places that a tensor names.</summary>
internal static class IndexRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(Embedding, "embedding");
        add(Index, "index _unsafe_index");
        add(IndexPut, "index_put _unsafe_index_put _index_put_impl");
        add(IndexSelect, "index_select");
        add(Gather, "gather");
        add(TakeAlong, "take_along_dim");
        add(Scatter, "scatter scatter_add scatter_reduce");
        add(IndexWrite, "index_copy index_add index_fill index_reduce");
        add(MaskedScatter, "masked_scatter");
        add(SelectScatter, "select_scatter slice_scatter diagonal_scatter");
        add(call => [Layouts.Contiguous(call.Tensor("self").ScalarType, [Open(call, call.Tensor("self"))])], "masked_select");
        add(call => [Layouts.Dense(ScalarType.Long, [Open(call, call.Tensor("self")), call.Tensor("self").Rank], [1, 0])], "nonzero");
        add(OneHot, "one_hot");
        add(Bucketize, "bucketize searchsorted");
        add(call => [Layouts.Contiguous(ScalarType.Bool, call.Tensor("elements").Sizes)], "isin.Tensor_Tensor isin.Tensor_Scalar");
    }

    // How many elements pass is known when the program runs; all of them is the bound.
    private static SymbolicInt Open(OperatorArguments call, TensorSpec self) => call.NewSymbol is { } make ? make(0, ShapeRules.Count(self.Sizes).Maximum)
        : throw call.Refuse("the size of the result depends on the data", "an operator whose sizes are known", self.ToString());

    private static TensorSpec IndexTensor(OperatorArguments call, string name)
    {
        var index = call.Tensor(name);
        return index.ScalarType is ScalarType.Long or ScalarType.Int ? index
            : throw call.Refuse($"'{name}' must hold indices", "int64 or int32", index.ScalarType.TorchName(), ErrorCode.OperatorTypeNotSupported);
    }

    private static ImmutableArray<InferredValue> Embedding(OperatorArguments call)
    {
        var weight = call.Tensor("weight");
        ShapeRules.CheckRank(call, "weight", weight, 2);
        return [Layouts.Contiguous(weight.ScalarType, [.. IndexTensor(call, "indices").Sizes, weight.Sizes[1]])];
    }

    private static ImmutableArray<InferredValue> Index(OperatorArguments call)
    {
        var self = call.Tensor("self");
        return [Layouts.Contiguous(self.ScalarType, Indexed(call, self))];
    }

    private static ImmutableArray<InferredValue> IndexPut(OperatorArguments call)
    {
        var (self, values) = (call.Tensor("self"), call.Tensor("values"));
        ShapeRules.CheckType(call, "values", values, self.ScalarType);

        // Masks decide at run time how many elements are written; then the values cannot be checked.
        if (call.OptionalTensors("indices").All(index => index is null || index.ScalarType is ScalarType.Long or ScalarType.Int))
        {
            var places = Indexed(call, self);
            if (!ShapeRules.SameSizes(ShapeRules.Broadcast(call, places, values.Sizes), places))
            {
                throw call.Refuse("'values' do not broadcast to the places", ShapeRules.Text(places), values.ToString());
            }
        }

        return [Layouts.Elementwise(self.ScalarType, self.Sizes, self)];
    }

    // Where the indexed dimensions stand together, the result's stand in their place, else in front.
    private static ImmutableArray<SymbolicInt> Indexed(OperatorArguments call, TensorSpec self)
    {
        var (dim, first, last, count) = (0, -1, -1, 0);
        var indexed = new bool[self.Rank];
        ImmutableArray<SymbolicInt> places = [];
        foreach (var index in call.OptionalTensors("indices"))
        {
            if (index is null)
            {
                dim++;
                continue;
            }

            var isMask = index.ScalarType is ScalarType.Bool or ScalarType.Byte;
            var taken = isMask ? index.Rank : 1;
            if (dim + taken > self.Rank)
            {
                throw call.Refuse("there are more indices than dimensions", $"{self.Rank}", $"{dim + taken} or more");
            }

            if (isMask)
            {
                ShapeRules.CheckSizes(call, "indices", index, self.Sizes[dim..(dim + taken)]);
            }
            else if (index.ScalarType is not (ScalarType.Long or ScalarType.Int))
            {
                throw call.Refuse("'indices' must hold indices or truth values", "int64, int32 or bool", index.ScalarType.TorchName(), ErrorCode.OperatorTypeNotSupported);
            }

            places = ShapeRules.Broadcast(call, places, isMask ? [Open(call, index)] : index.Sizes);
            first = first < 0 ? dim : first;
            for (var i = 0; i < taken; i++)
            {
                indexed[dim++] = true;
                count++;
            }

            last = dim - 1;
        }

        if (first < 0)
        {
            throw call.Refuse("there is no index", "1 or more", "0");
        }

        var rest = Enumerable.Range(0, self.Rank).Where(at => !indexed[at]).ToList();
        return last - first + 1 != count ? [.. places, .. rest.Select(at => self.Sizes[at])]
            : [.. rest.Where(at => at < first).Select(at => self.Sizes[at]), .. places, .. rest.Where(at => at > first).Select(at => self.Sizes[at])];
    }

    private static ImmutableArray<InferredValue> IndexSelect(OperatorArguments call)
    {
        var (self, index) = (call.Tensor("self"), IndexTensor(call, "index"));
        ShapeRules.CheckRank(call, "index", index, 0, 1);
        var dim = call.Dim("dim", self.Rank);
        return [Layouts.Contiguous(self.ScalarType, ShapeRules.With(self.Sizes, dim, index.Rank == 0 ? 1 : index.Sizes[0]))];
    }

    private static ImmutableArray<InferredValue> Gather(OperatorArguments call)
    {
        var (self, index) = (call.Tensor("self"), IndexTensor(call, "index"));
        CheckInside(call, self, index, call.Dim("dim", self.Rank));
        return [Layouts.Contiguous(self.ScalarType, index.Sizes)];
    }

    private static ImmutableArray<InferredValue> TakeAlong(OperatorArguments call)
    {
        var (self, index) = (call.Tensor("self"), IndexTensor(call, "indices"));
        if (call.Find("dim") is null)
        {
            return [Layouts.Contiguous(self.ScalarType, [ShapeRules.Count(index.Sizes)])];
        }

        ShapeRules.CheckRank(call, "indices", index, self.Rank);
        var dim = call.Dim("dim", self.Rank);
        var sizes = ShapeRules.Broadcast(call, self.Sizes.SetItem(dim, 1), index.Sizes.SetItem(dim, 1));
        return [Layouts.Contiguous(self.ScalarType, sizes.SetItem(dim, index.Sizes[dim]))];
    }

    private static ImmutableArray<InferredValue> Scatter(OperatorArguments call)
    {
        var (self, index) = (call.Tensor("self"), IndexTensor(call, "index"));
        var dim = call.Dim("dim", self.Rank);
        CheckInside(call, self, index, dim);
        if (call.Has("src") && call.OptionalTensor("src") is { } source)
        {
            ShapeRules.CheckType(call, "src", source, self.ScalarType);
            CheckInside(call, source, index, -1);
        }

        return [Layouts.Elementwise(self.ScalarType, self.Sizes, self)];
    }

    // Except in the dimension that the index runs over, it may not be larger than the tensor.
    private static void CheckInside(OperatorArguments call, TensorSpec self, TensorSpec index, int dim)
    {
        if (index.Rank != self.Rank && !(self.Rank == 0 && index.Rank <= 1) && !(index.Rank == 0 && self.Rank <= 1))
        {
            throw call.Refuse("'index' has the wrong number of dimensions", self.ToString(), index.ToString());
        }

        for (var i = 0; i < Math.Min(self.Rank, index.Rank); i++)
        {
            if (i != dim && index.Sizes[i].Minimum > self.Sizes[i].Maximum)
            {
                throw call.Refuse($"'index' is larger than the tensor in dimension {i}", self.ToString(), index.ToString());
            }
        }
    }

    private static ImmutableArray<InferredValue> IndexWrite(OperatorArguments call)
    {
        var (self, index) = (call.Tensor("self"), IndexTensor(call, "index"));
        ShapeRules.CheckRank(call, "index", index, 0, 1);
        var dim = call.Dim("dim", self.Rank);
        if (call.Has("source"))
        {
            var source = call.Tensor("source");
            ShapeRules.CheckType(call, "source", source, self.ScalarType);
            ShapeRules.CheckSizes(call, "source", source, ShapeRules.With(self.Sizes, dim, index.Rank == 0 ? 1 : index.Sizes[0]));
        }

        return [Layouts.Elementwise(self.ScalarType, self.Sizes, self)];
    }

    private static ImmutableArray<InferredValue> MaskedScatter(OperatorArguments call)
    {
        var (self, mask) = (call.Tensor("self"), call.Tensor("mask"));
        ShapeRules.CheckType(call, "source", call.Tensor("source"), self.ScalarType);
        return [Layouts.Contiguous(self.ScalarType, ShapeRules.Broadcast(call, self, mask))];
    }

    private static ImmutableArray<InferredValue> SelectScatter(OperatorArguments call)
    {
        var (self, source) = (call.Tensor("self"), call.Tensor("src"));
        var part = call.Operator switch
        {
            "aten::select_scatter" => self.Sizes.RemoveAt(call.Dim("dim", self.Rank)),
            "aten::slice_scatter" when ViewRules.SliceOf(call, self) is var (dim, _, length, _) => self.Sizes.SetItem(dim, length),
            _ => source.Sizes,
        };
        ShapeRules.CheckSizes(call, "src", source, part);
        return [Layouts.Elementwise(self.ScalarType, self.Sizes, self)];
    }

    private static ImmutableArray<InferredValue> OneHot(OperatorArguments call)
    {
        var (self, classes) = (call.Tensor("self"), call.Int("num_classes"));
        return classes > 0 ? [Layouts.Contiguous(ScalarType.Long, [.. self.Sizes, classes])]
            : throw call.Refuse("the number of classes depends on the data", "'num_classes' of 1 or more", $"{classes}");
    }

    private static ImmutableArray<InferredValue> Bucketize(OperatorArguments call) =>
        [Layouts.Contiguous(call.Bool("out_int32") ? ScalarType.Int : ScalarType.Long, call.OptionalTensor("self")?.Sizes ?? [])];
}
