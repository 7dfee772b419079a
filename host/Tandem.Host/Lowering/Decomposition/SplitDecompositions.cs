using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Operators that cut tensors into lists, or join lists of them.</summary>
internal static class SplitDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        foreach (var name in (ReadOnlySpan<string>)["aten::split_with_sizes", "aten::unsafe_split_with_sizes", "aten::split.sizes"])
        {
            table.AddMany(name, (editor, call) => Split(editor, call, call.List(call.Schema!.Parameters[1].Name)));
        }

        foreach (var name in (ReadOnlySpan<string>)["aten::split.Tensor", "aten::unsafe_split.Tensor", "aten::split_copy.Tensor"])
        {
            table.AddMany(name, (editor, call) => Parts(editor, call, call.Int("split_size")));
        }

        foreach (var name in (ReadOnlySpan<string>)["aten::chunk", "aten::unsafe_chunk"])
        {
            table.AddMany(name, (editor, call) =>
            {
                var (size, chunks) = (Size(call), call.Int("chunks"));
                return Parts(editor, call, Math.Max((size + chunks - 1) / chunks, 1));
            });
        }

        table.AddMany("aten::tensor_split.sections", (editor, call) =>
        {
            var (size, sections) = (Size(call), call.Int("sections"));
            return Split(editor, call, [.. Enumerable.Range(0, (int)sections).Select(i => new GraphArgument.Int((size / sections) + (i < size % sections ? 1 : 0)))]);
        });
        table.AddMany("aten::unbind.int", (editor, call) => editor.CallAll("aten::unbind_copy.int", editor.Contiguous(Self(call)), call.Dim("dim", Self(call).Tensor!.Rank)));
        table.AddMany("aten::meshgrid", (editor, call) => Grid(editor, call.Tensors("tensors"), isSwapped: false));
        table.AddMany("aten::meshgrid.indexing", (editor, call) => Grid(editor, call.Tensors("tensors"), call.Text("indexing") == "xy"));
        table.AddMany("aten::broadcast_tensors", (editor, call) =>
        {
            var tensors = call.Tensors("tensors");
            var sizes = Sizes.Broadcast(call, [.. tensors.Select(tensor => tensor.Tensor!.Sizes)]);
            return [.. tensors.Select(tensor => editor.ExpandTo(tensor, sizes, tensors.FirstOrDefault(other => Sizes.AreSame(other.Tensor!.Sizes.AsSpan(), sizes))))];
        });
        table.Add("aten::cat", Cat);
        table.Add(["aten::concat", "aten::concatenate"], (editor, call) => editor.Call("aten::cat", call.Argument("tensors"), call.Argument("dim")));
        table.Add("aten::stack", (editor, call) =>
        {
            var tensors = call.Tensors("tensors");
            var dim = call.Dim("dim", tensors[0].Tensor!.Rank + 1);
            return editor.Call("aten::cat", tensors.Select(tensor => editor.Unsqueeze(tensor, dim)).ToArray(), dim);
        });
        table.Add(["aten::hstack", "aten::vstack", "aten::row_stack", "aten::column_stack"], (editor, call) =>
        {
            var isRows = call.Node.Operator is "aten::vstack" or "aten::row_stack";
            var isColumns = call.Node.Operator == "aten::column_stack";
            var tensors = call.Tensors("tensors").Select(tensor => (tensor.Tensor!.Rank, isRows, isColumns) switch
            {
                (0, true, _) or (0, _, true) => editor.View(tensor, 1, 1),
                (0, _, _) => editor.View(tensor, 1),
                (1, true, _) => editor.Unsqueeze(tensor, 0),
                (1, _, true) => editor.Unsqueeze(tensor, 1),
                _ => tensor,
            }).ToArray();
            return editor.Call("aten::cat", tensors, isRows || tensors[0].Tensor!.Rank == 1 ? 0 : 1);
        });
    }

    private static GraphValue Self(OperatorCall call) => call.Tensor("self");

    private static long Size(OperatorCall call) => Sizes.Known(call, Self(call).Tensor!.Sizes[call.Dim("dim", Self(call).Tensor!.Rank)]);

    private static IReadOnlyList<GraphValue> Parts(GraphEditor editor, OperatorCall call, long part)
    {
        var size = Size(call);
        var count = (int)Math.Max((size + part - 1) / Math.Max(part, 1), 1);
        return Split(editor, call, [.. Enumerable.Range(0, count).Select(i => new GraphArgument.Int(Math.Min(part, size - (i * part))))]);
    }

    private static IReadOnlyList<GraphValue> Split(GraphEditor editor, OperatorCall call, GraphArgument[] sizes) => sizes.Length == 1 ? [Self(call)]
        : editor.CallAll("aten::split_with_sizes_copy", editor.Contiguous(Self(call)), sizes, call.Dim("dim", Self(call).Tensor!.Rank));

    private static IReadOnlyList<GraphValue> Grid(GraphEditor editor, GraphValue[] tensors, bool isSwapped)
    {
        var lengths = tensors.Select(tensor => tensor.Tensor!.Rank == 0 ? 1 : tensor.Tensor.Sizes[0]).ToArray();
        var results = new GraphValue[tensors.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            var line = editor.Reshape(tensors[i], [.. lengths.Select((length, dim) => dim == i ? length : 1)]);
            results[i] = editor.Expand(line, [.. lengths.Select((length, dim) => (Arg)(length.IsConstant ? new GraphArgument.Int(length.Value) : editor.Size(tensors[dim], 0)))]);
            results[i] = isSwapped && tensors.Length > 1 ? editor.Transpose(results[i], 0, 1) : results[i];
        }

        return results;
    }

    // Operands meet in one dtype, and in one dim order; empty ones of the sizes [0] add nothing.
    private static GraphValue? Cat(GraphEditor editor, OperatorCall call)
    {
        var tensors = call.Tensors("tensors");
        var type = TypeRules.Result(tensors.Select(tensor => tensor.Tensor!));
        var kept = tensors.Where(tensor => tensor.Tensor is not { Rank: 1 } spec || spec.Sizes[0] is not { IsConstant: true, Value: 0 }).ToArray();
        kept = kept.Length == 0 ? tensors[..1] : kept;
        var isMixed = kept.Any(tensor => !tensor.Tensor!.DimOrder.AsSpan().SequenceEqual(kept[0].Tensor!.DimOrder.AsSpan()));
        if (kept.Length == tensors.Length && kept.Length > 1 && !isMixed && Array.TrueForAll(kept, tensor => tensor.Tensor!.ScalarType == type))
        {
            return null;
        }

        kept = [.. kept.Select(tensor => editor.Cast(isMixed ? editor.Contiguous(tensor) : tensor, type))];
        return kept.Length == 1 ? kept[0] : editor.Call("aten::cat", kept, call.Argument("dim"));
    }
}
