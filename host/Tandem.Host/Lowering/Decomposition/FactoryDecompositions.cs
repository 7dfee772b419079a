using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Operators that make tensors: all that can be is one full, or one arange.</summary>
internal static class FactoryDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        foreach (var (name, value) in ((string, long)[])[("zeros", 0), ("ones", 1), ("empty.memory_format", 0), ("empty_permuted", 0), ("empty_strided", 0)])
        {
            table.Add("aten::" + name, (editor, call) => editor.Full(Sizes(call), value, call.DataType("dtype") ?? ScalarType.Float));
        }

        foreach (var (name, value) in ((string, long)[])[("zeros_like", 0), ("ones_like", 1), ("empty_like", 0)])
        {
            table.Add("aten::" + name, (editor, call) => Like(editor, call, value, null));
        }

        foreach (var (name, value) in ((string, long)[])[("new_zeros", 0), ("new_ones", 1), ("new_empty", 0), ("new_empty_strided", 0)])
        {
            table.Add("aten::" + name, (editor, call) => editor.Full(Sizes(call), value, call.DataType("dtype") ?? ArithmeticDecompositions.Type(call)));
        }

        table.Add("aten::new_full", (editor, call) => editor.Full(Sizes(call), call.Argument("fill_value"), call.DataType("dtype") ?? ArithmeticDecompositions.Type(call)));
        table.Add("aten::full_like", (editor, call) => Like(editor, call, call.Argument("fill_value"), null));
        table.Add("aten::fill.Scalar", (editor, call) => Like(editor, call, call.Argument("value"), null));
        table.Add("aten::zero", (editor, call) => Like(editor, call, 0, null));
        table.Add("aten::fill.Tensor", (editor, call) =>
            editor.ExpandTo(editor.Cast(call.Tensor("value"), ArithmeticDecompositions.Type(call)), call.Tensor("self").Tensor!.Sizes.AsSpan(), call.Tensor("self")));
        table.Add("aten::scalar_tensor", (editor, call) => editor.Scalar(call.Argument("s"), call.DataType("dtype") ?? ScalarType.Float));
        table.Add("aten::rand_like", (editor, call) => Random(editor, call, "rand"));
        table.Add("aten::randn_like", (editor, call) => Random(editor, call, "randn"));
        table.Add("aten::arange", (editor, call) => Arange(editor, call, 0, 1));
        table.Add("aten::arange.start", (editor, call) => Arange(editor, call, call.Argument("start"), 1));
        table.Add("aten::eye", (editor, call) => Eye(editor, call, call.Argument("n"), call.Argument("n")));
        table.Add("aten::eye.m", (editor, call) => Eye(editor, call, call.Argument("n"), call.Argument("m")));
        table.Add("aten::linspace", Linspace);
        table.Add("aten::triu", (editor, call) => Triangle(editor, call, "ge"));
        table.Add("aten::tril", (editor, call) => call.Tensor("self").Tensor!.ScalarType == ScalarType.Bool ? Triangle(editor, call, "le") : null);
        table.Add("aten::diag_embed", DiagEmbed);
        table.Add("aten::trace", (editor, call) => editor.Sum(editor.Call("aten::diagonal", call.Tensor("self"), 0, 0, 1), [0]));
        table.Add("aten::one_hot", OneHot);
    }

    private static Arg[] Sizes(OperatorCall call) => [.. call.List("size").Select(size => (Arg)size)];

    private static GraphValue Like(GraphEditor editor, OperatorCall call, Arg value, ScalarType? type)
    {
        var self = call.Tensor("self");
        var wanted = type ?? (call.Schema?.Find("dtype") is null ? null : call.DataType("dtype")) ?? self.Tensor!.ScalarType;
        var full = editor.Full(editor.Sizes(self), value, wanted);
        return call.Schema?.Find("memory_format") is null || call.MemoryFormat() is null or "preserve_format" ? editor.Ordered(full, self.Tensor!.DimOrder.AsSpan()) : full;
    }

    private static GraphValue Random(GraphEditor editor, OperatorCall call, string name) =>
        editor.Call("aten::" + name, editor.Sizes(call.Tensor("self")), call.DataType("dtype") ?? ArithmeticDecompositions.Type(call));

    private static GraphValue Arange(GraphEditor editor, OperatorCall call, Arg start, long step) =>
        editor.Call("aten::arange.start_step", start, call.Argument("end"), step, call.DataType("dtype") is { } type ? type : default(Arg));

    private static GraphValue Eye(GraphEditor editor, OperatorCall call, Arg rows, Arg columns) =>
        editor.Cast(editor.Call("aten::eq.Tensor", editor.Unsqueeze(editor.Arange(rows), 1), editor.Arange(columns)), call.DataType("dtype") ?? ScalarType.Float);

    // From both ends, as eager PyTorch counts, so that the last value is exactly the end.
    private static GraphValue Linspace(GraphEditor editor, OperatorCall call)
    {
        var (start, end, steps, type) = (call.Double("start"), call.Double("end"), call.Int("steps"), call.DataType("dtype") ?? ScalarType.Float);
        if (steps <= 1)
        {
            return editor.Full([steps], start, type);
        }

        var step = type == ScalarType.Double ? (end - start) / (steps - 1) : (float)(((float)end - (float)start) / (steps - 1));
        var index = editor.Arange(steps);
        var number = editor.Cast(index, type == ScalarType.Double ? type : ScalarType.Float);
        var forward = editor.Add(editor.Mul(number, step), start);
        var backward = editor.Call("aten::rsub.Scalar", editor.Mul(editor.Call("aten::rsub.Scalar", number, (double)(steps - 1)), step), end);
        return editor.Cast(editor.Where(editor.Call("aten::lt.Scalar", index, steps / 2), forward, backward), type);
    }

    private static GraphValue Triangle(GraphEditor editor, OperatorCall call, string comparison)
    {
        var self = call.Tensor("self");
        var rank = self.Tensor!.Rank;
        var distance = editor.Sub(editor.Arange(editor.Size(self, rank - 1)), editor.Unsqueeze(editor.Arange(editor.Size(self, rank - 2)), 1));
        return editor.Where(editor.Call($"aten::{comparison}.Scalar", distance, call.Int("diagonal")), self, editor.Scalar(0, self.Tensor.ScalarType));
    }

    // Element i of the last dimension stands at (i, i + offset), or (i - offset, i) below the diagonal, of a square.
    private static GraphValue DiagEmbed(GraphEditor editor, OperatorCall call)
    {
        var self = call.Tensor("self");
        var (rank, offset) = (self.Tensor!.Rank, call.Int("offset"));
        var (first, second) = (call.Dim("dim1", rank + 1), call.Dim("dim2", rank + 1));
        if (first > second)
        {
            (first, second, offset) = (second, first, -offset);
        }

        var padded = offset == 0 ? self : editor.Call("aten::constant_pad_nd", self, new[] { 0, Math.Abs(offset) });
        var count = editor.Size(padded, rank - 1);
        var (rows, columns) = (editor.Unsqueeze(editor.Arange(count), 1), editor.Arange(count));
        var isDiagonal = offset >= 0 ? editor.Call("aten::eq.Tensor", columns, offset == 0 ? rows : editor.Add(rows, offset)) : editor.Call("aten::eq.Tensor", editor.Add(columns, -offset), rows);
        var square = editor.Where(isDiagonal, editor.Unsqueeze(padded, offset >= 0 ? rank : rank - 1), editor.Scalar(0, self.Tensor.ScalarType));
        var dims = Enumerable.Range(0, rank - 1).ToList();
        dims.Insert(first, rank - 1);
        dims.Insert(second, rank);
        return editor.Permute(square, [.. dims]);
    }

    private static GraphValue OneHot(GraphEditor editor, OperatorCall call)
    {
        var (self, classes) = (call.Tensor("self"), call.Int("num_classes"));
        return classes <= 0 ? throw call.Refuse("the number of classes depends on data")
            : editor.Cast(editor.Call("aten::eq.Tensor", editor.Unsqueeze(self, self.Tensor!.Rank), editor.Arange(classes)), ScalarType.Long);
    }
}
