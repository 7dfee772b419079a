using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>einsum and tensordot: operands pair by pair, each pair as one batched product of matrices.</summary>
internal static class EinsumDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::einsum", Einsum);
        table.Add("aten::tensordot", (editor, call) =>
        {
            var (left, right) = (call.Tensor("self"), call.Tensor("other"));
            var (first, second) = (call.Dims("dims_self", left.Tensor!.Rank), call.Dims("dims_other", right.Tensor!.Rank));
            var letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
            var a = letters[..left.Tensor.Rank].ToCharArray();
            var b = letters.Substring(left.Tensor.Rank, right.Tensor.Rank).ToCharArray();
            for (var i = 0; i < first.Length; i++)
            {
                b[second[i]] = a[first[i]];
            }

            var result = new string([.. a.Where(letter => !b.Contains(letter)), .. b.Where(letter => !a.Contains(letter))]);
            return Contract(editor, call, [(left, new string(a)), (right, new string(b))], result);
        });
    }

    private static GraphValue Einsum(GraphEditor editor, OperatorCall call)
    {
        var equation = call.Text("equation").Replace(" ", "", StringComparison.Ordinal);
        var tensors = call.Tensors("tensors");
        var arrow = equation.IndexOf("->", StringComparison.Ordinal);
        var labels = (arrow < 0 ? equation : equation[..arrow]).Split(',');
        if (labels.Length != tensors.Length)
        {
            throw call.Refuse("its equation has another number of operands");
        }

        var spare = "αβγδεζηθικλμνξοπ";
        var ellipsis = "";
        for (var i = 0; i < labels.Length; i++)
        {
            var dots = labels[i].IndexOf("...", StringComparison.Ordinal);
            if (dots >= 0)
            {
                var count = tensors[i].Tensor!.Rank - (labels[i].Length - 3);
                var names = spare[^count..];
                ellipsis = names.Length > ellipsis.Length ? names : ellipsis;
                labels[i] = labels[i].Replace("...", names, StringComparison.Ordinal);
            }
        }

        var result = arrow >= 0 ? equation[(arrow + 2)..].Replace("...", ellipsis, StringComparison.Ordinal)
            : ellipsis + new string([.. string.Concat(labels).GroupBy(letter => letter).Where(group => group.Count() == 1 && !ellipsis.Contains(group.Key)).Select(group => group.Key).Order()]);
        return Contract(editor, call, [.. tensors.Zip(labels)], result);
    }

    private static GraphValue Contract(GraphEditor editor, OperatorCall call, List<(GraphValue Value, string Labels)> operands, string result)
    {
        for (var i = 0; i < operands.Count; i++)
        {
            operands[i] = WithoutRepeats(editor, call, operands[i]);
        }

        while (operands.Count > 1)
        {
            var needed = result + string.Concat(operands.Skip(2).Select(operand => operand.Labels));
            var pair = Multiply(editor, operands[0], operands[1], needed);
            operands.RemoveRange(0, 2);
            operands.Insert(0, pair);
        }

        var (value, labels) = Reduce(editor, operands[0], result);
        return editor.Permute(value, [.. result.Select(letter => labels.IndexOf(letter))]);
    }

    // "ii" is a diagonal.
    private static (GraphValue Value, string Labels) WithoutRepeats(GraphEditor editor, OperatorCall call, (GraphValue Value, string Labels) operand)
    {
        var (value, labels) = operand;
        if (labels.Length != value.Tensor!.Rank)
        {
            throw call.Refuse("its equation does not fit the rank of an operand");
        }

        for (var i = 0; i < labels.Length; i++)
        {
            var twin = labels.IndexOf(labels[i], i + 1);
            if (twin >= 0)
            {
                value = editor.Call("aten::diagonal", value, 0, i, twin);
                labels = labels.Remove(twin, 1).Remove(i, 1) + labels[i];
                i = -1;
            }
        }

        return (value, labels);
    }

    private static (GraphValue Value, string Labels) Reduce(GraphEditor editor, (GraphValue Value, string Labels) operand, string needed)
    {
        var dims = Enumerable.Range(0, operand.Labels.Length).Where(dim => !needed.Contains(operand.Labels[dim])).ToArray();
        return dims.Length == 0 ? operand : (editor.Sum(operand.Value, dims), new string([.. operand.Labels.Where(needed.Contains)]));
    }

    private static (GraphValue Value, string Labels) Multiply(GraphEditor editor, (GraphValue Value, string Labels) left, (GraphValue Value, string Labels) right, string needed)
    {
        left = Reduce(editor, left, needed + right.Labels);
        right = Reduce(editor, right, needed + left.Labels);
        var batch = new string([.. left.Labels.Where(letter => right.Labels.Contains(letter) && needed.Contains(letter))]);
        var inner = new string([.. left.Labels.Where(letter => right.Labels.Contains(letter) && !needed.Contains(letter))]);
        var rows = new string([.. left.Labels.Where(letter => !right.Labels.Contains(letter))]);
        var columns = new string([.. right.Labels.Where(letter => !left.Labels.Contains(letter))]);
        var (a, b) = (Ordered(editor, left, batch + rows + inner), Ordered(editor, right, batch + inner + columns));
        if (inner.Length == 0)
        {
            // Nothing is summed: sizes of 1 broadcast.
            var spread = editor.Reshape(a, [.. a.Tensor!.Sizes, .. columns.Select(_ => (SymbolicInt)1)]);
            var other = editor.Reshape(b, [.. b.Tensor!.Sizes.Take(batch.Length), .. rows.Select(_ => (SymbolicInt)1), .. b.Tensor.Sizes.Skip(batch.Length)]);
            return (editor.Mul(spread, other), batch + rows + columns);
        }

        SymbolicInt[] Part(GraphValue value, int from, int count) => [.. value.Tensor!.Sizes.Skip(from).Take(count)];
        SymbolicInt Joined(GraphValue value, int from, int count) => Sizes.Product(Part(value, from, count));
        var (n, r, k, c) = (batch.Length, rows.Length, inner.Length, columns.Length);
        var product = n == 0
            ? editor.Call("aten::mm", editor.Reshape(a, Joined(a, 0, r), Joined(a, r, k)), editor.Reshape(b, Joined(b, 0, k), Joined(b, k, c)))
            : editor.Call("aten::bmm", editor.Reshape(a, Joined(a, 0, n), Joined(a, n, r), Joined(a, n + r, k)), editor.Reshape(b, Joined(b, 0, n), Joined(b, n, k), Joined(b, n + k, c)));
        return (editor.Reshape(product, [.. Part(a, 0, n), .. Part(a, n, r), .. Part(b, n + k, c)]), batch + rows + columns);
    }

    private static GraphValue Ordered(GraphEditor editor, (GraphValue Value, string Labels) operand, string labels) =>
        editor.Permute(operand.Value, [.. labels.Select(letter => operand.Labels.IndexOf(letter))]);
}
