using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Scatter and gather in all their forms as index_put, index_select and gather.</summary>
internal static class IndexDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::index_copy", (editor, call) => Put(editor, call, call.Tensor("source"), accumulates: false));
        table.Add("aten::index_add", (editor, call) => Put(editor, call, call.Double("alpha") == 1 ? call.Tensor("source") : editor.Mul(call.Tensor("source"), call.Argument("alpha")), accumulates: true));
        table.Add("aten::index_fill.int_Scalar", (editor, call) => Put(editor, call, editor.Scalar(call.Argument("value"), Type(call)), accumulates: false));
        table.Add("aten::index_fill.int_Tensor", (editor, call) => Put(editor, call, editor.Cast(call.Tensor("value"), Type(call)), accumulates: false));
        table.Add("aten::_unsafe_index_put", (editor, call) => editor.Call("aten::index_put", call.Tensor("self"), call.Argument("indices"), call.Tensor("values"), call.Bool("accumulate")));
        table.Add("aten::_unsafe_index.Tensor", (editor, call) => editor.Call("aten::index.Tensor", call.Tensor("self"), call.Argument("indices")));
        table.Add("aten::index_put", (editor, call) => call.Tensor("values") is { Tensor: { } values } source && values.ScalarType != Type(call)
            ? editor.Call("aten::index_put", call.Tensor("self"), call.Argument("indices"), editor.Cast(source, Type(call)), call.Bool("accumulate")) : null);
        table.Add("aten::take", (editor, call) =>
        {
            var index = call.Tensor("index");
            return editor.Reshape(editor.Call("aten::index_select", editor.View(call.Tensor("self"), -1), 0, editor.View(index, -1)), index.Tensor!.Sizes.AsSpan());
        });
        table.Add("aten::take_along_dim", TakeAlongDim);
        table.Add("aten::repeat_interleave.self_int", Repeat);
        table.Add("aten::repeat_interleave.self_Tensor", (editor, call) =>
        {
            var self = call.Has("dim") ? call.Tensor("self") : editor.View(call.Tensor("self"), -1);
            var index = editor.Call("aten::repeat_interleave.Tensor", call.Tensor("repeats"), call.Find("output_size") ?? Arg.None);
            return editor.Call("aten::index_select", self, call.OptionalInt("dim") ?? 0, index);
        });
        table.Add("aten::argwhere", (editor, call) => editor.Call("aten::nonzero", call.Tensor("self")));
        table.Add("aten::embedding", (editor, call) => call.Tensor("indices").Tensor!.ScalarType is ScalarType.Int or ScalarType.Long ? null
            : editor.Call("aten::embedding", call.Tensor("weight"), editor.Cast(call.Tensor("indices"), ScalarType.Long)));
        table.Add("aten::diagonal_scatter", (editor, call) =>
        {
            var self = call.Tensor("self");
            var (rank, offset) = (self.Tensor!.Rank, call.Int("offset"));
            var (first, second) = (call.Dim("dim1", rank), call.Dim("dim2", rank));
            int[] dims = [first, second, .. Enumerable.Range(0, rank).Where(dim => dim != first && dim != second)];
            var source = call.Tensor("src");
            var count = source.Tensor!.Sizes[^1];
            var line = editor.Arange(count.IsConstant ? count.Value : throw call.Refuse("the length of its diagonal is not known ahead of time"));
            var (rows, columns) = offset >= 0 ? (line, offset == 0 ? line : editor.Add(line, offset)) : (editor.Add(line, -offset), line);
            var moved = editor.Permute(source, [rank - 2, .. Enumerable.Range(0, rank - 2)]);
            var put = editor.Call("aten::index_put", editor.Permute(self, dims), (GraphValue[])[rows, columns], moved, false);
            return editor.Permute(put, [.. Enumerable.Range(0, rank).Select(dim => Array.IndexOf(dims, dim))]);
        });
    }

    private static ScalarType Type(OperatorCall call) => ArithmeticDecompositions.Type(call);

    private static GraphValue Put(GraphEditor editor, OperatorCall call, GraphValue source, bool accumulates)
    {
        var self = call.Tensor("self");
        var dim = call.Dim("dim", self.Tensor!.Rank);
        var indices = Enumerable.Repeat<GraphArgument>(new GraphArgument.None(), dim).Append(new GraphArgument.Reference(call.Tensor("index").Name)).ToArray();
        return editor.Call("aten::index_put", self, indices, editor.Cast(source, Type(call)), accumulates);
    }

    private static GraphValue TakeAlongDim(GraphEditor editor, OperatorCall call)
    {
        var (self, indices) = (call.Tensor("self"), call.Tensor("indices"));
        if (!call.Has("dim"))
        {
            return editor.Call("aten::gather", editor.View(self, -1), 0, editor.View(indices, -1));
        }

        var dim = call.Dim("dim", self.Tensor!.Rank);
        var common = Sizes.Broadcast(call, self.Tensor.Sizes.SetItem(dim, 1), indices.Tensor!.Sizes.SetItem(dim, 1));
        SymbolicInt[] Own(TensorSpec spec) => [.. common.Select((size, i) => i == dim ? spec.Sizes[i] : size)];
        return editor.Call("aten::gather", editor.ExpandTo(self, Own(self.Tensor), indices), dim, editor.ExpandTo(indices, Own(indices.Tensor!), self));
    }

    private static GraphValue Repeat(GraphEditor editor, OperatorCall call)
    {
        var self = call.Has("dim") ? call.Tensor("self") : editor.View(call.Tensor("self"), -1);
        var spec = self.Tensor!;
        var dim = call.Has("dim") ? call.Dim("dim", spec.Rank) : 0;
        var repeats = call.Int("repeats");
        if (repeats == 1)
        {
            return self;
        }

        var column = editor.Reshape(self, [.. spec.Sizes.Take(dim + 1), 1, .. spec.Sizes.Skip(dim + 1)]);
        Arg[] sizes = [.. Enumerable.Range(0, spec.Rank + 1).Select(i => i == dim + 1 ? (Arg)repeats : -1)];
        return editor.Reshape(editor.Expand(column, sizes), [.. spec.Sizes.SetItem(dim, spec.Sizes[dim] * repeats)]);
    }
}
