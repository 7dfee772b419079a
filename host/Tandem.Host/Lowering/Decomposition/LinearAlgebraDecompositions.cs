using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Products of matrices as mm, bmm, addmm and linear; a weight stays as it is stored.</summary>
internal static class LinearAlgebraDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add(["aten::matmul", "aten::linalg_matmul"], (editor, call) => MatMul(editor, call.Tensor("self"), call.Tensor("other")));
        table.Add("aten::linear", Linear);
        table.Add("aten::mm", (editor, call) => Mm(editor, call.Tensor("self"), call.Tensor("mat2"), call));
        table.Add("aten::mv", (editor, call) => MatMul(editor, call.Tensor("self"), call.Tensor("vec")));
        table.Add(["aten::dot", "aten::vdot"], (editor, call) => MatMul(editor, call.Tensor("self"), call.Tensor(call.Schema!.Parameters[1].Name)));
        table.Add("aten::inner", (editor, call) => call.Tensor("self").Tensor!.Rank == 0 || call.Tensor("other").Tensor!.Rank == 0 ? editor.Mul(call.Tensor("self"), call.Tensor("other"))
            : call.Tensor("other").Tensor!.Rank == 1 ? MatMul(editor, call.Tensor("self"), call.Tensor("other"))
            : MatMul(editor, call.Tensor("self"), editor.Transpose(call.Tensor("other"), call.Tensor("other").Tensor!.Rank - 2, call.Tensor("other").Tensor!.Rank - 1)));
        table.Add(["aten::outer", "aten::ger"], (editor, call) => editor.Mul(editor.Unsqueeze(call.Tensor("self"), 1), call.Tensor(call.Schema!.Parameters[1].Name)));
        table.Add("aten::addmm", AddMm);
        table.Add("aten::addmv", (editor, call) => Sum(editor, call, MatMul(editor, call.Tensor("mat"), call.Tensor("vec"))));
        table.Add("aten::addr", (editor, call) => Sum(editor, call, editor.Mul(editor.Unsqueeze(call.Tensor("vec1"), 1), call.Tensor("vec2"))));
        table.Add("aten::baddbmm", (editor, call) => Sum(editor, call, editor.Call("aten::bmm", call.Tensor("batch1"), call.Tensor("batch2"))));
        table.Add("aten::addbmm", (editor, call) => Sum(editor, call, editor.Sum(editor.Call("aten::bmm", call.Tensor("batch1"), call.Tensor("batch2")), [0])));
        table.Add("aten::bmm", (editor, call) =>
        {
            var (left, right) = (editor.Contiguous(call.Tensor("self")), editor.Contiguous(call.Tensor("mat2")));
            return ReferenceEquals(left, call.Tensor("self")) && ReferenceEquals(right, call.Tensor("mat2")) ? null : editor.Call("aten::bmm", left, right);
        });
        table.Add("aten::linalg_cross", (editor, call) => Cross(editor, call.Tensor("self"), call.Tensor("other"), call.Dim("dim", call.Tensor("self").Tensor!.Rank)));
        table.Add("aten::cross", (editor, call) =>
        {
            var spec = call.Tensor("self").Tensor!;
            return Cross(editor, call.Tensor("self"), call.Tensor("other"), call.Has("dim") ? call.Dim("dim", spec.Rank) : spec.Sizes.IndexOf(3) is >= 0 and var dim ? dim : throw call.Refuse("no dimension has the size 3"));
        });
        table.Add("aten::kron", (editor, call) =>
        {
            var (left, right) = (call.Tensor("self"), call.Tensor("other"));
            var rank = Math.Max(left.Tensor!.Rank, right.Tensor!.Rank);
            SymbolicInt[] Own(GraphValue value) => [.. Enumerable.Repeat((SymbolicInt)1, rank - value.Tensor!.Rank), .. value.Tensor.Sizes];
            var (a, b) = (Own(left), Own(right));
            var product = editor.Mul(editor.Reshape(left, [.. a.SelectMany(size => new[] { size, 1 })]), editor.Reshape(right, [.. b.SelectMany(size => new[] { 1, size })]));
            return editor.Reshape(product, [.. a.Zip(b, (first, second) => first * second)]);
        });
        table.Add("aten::linalg_vecdot", (editor, call) => editor.Sum(editor.Mul(call.Tensor("x"), call.Tensor("y")), [call.Dim("dim", call.Tensor("x").Tensor!.Rank)]));
        table.Add("aten::cdist", (editor, call) =>
        {
            var (left, right) = (call.Tensor("x1"), call.Tensor("x2"));
            var batch = Sizes.Broadcast(call, Batch(left), Batch(right));
            return editor.Call("aten::_cdist_forward", ToBatch(editor, left, batch, right), ToBatch(editor, right, batch, left), call.Argument("p"), call.Find("compute_mode") ?? Arg.None);
        });
        table.Add("aten::pdist", (editor, call) => editor.Call("aten::_pdist_forward", call.Tensor("self"), call.Argument("p")));
        table.Add("aten::pairwise_distance", (editor, call) =>
        {
            var difference = editor.Add(editor.Sub(call.Tensor("x1"), call.Tensor("x2")), call.Argument("eps"));
            return editor.Call("aten::linalg_vector_norm", difference, call.Double("p"), new[] { -1 }, call.Bool("keepdim"));
        });
        table.Add("aten::cosine_similarity", (editor, call) =>
        {
            var (left, right, eps) = (call.Tensor("x1"), call.Tensor("x2"), call.Double("eps"));
            var dims = new[] { call.Dim("dim", Math.Max(left.Tensor!.Rank, right.Tensor!.Rank)) };
            return editor.Sum(editor.Mul(editor.Div(left, Length(editor, left, dims, eps)), editor.Div(right, Length(editor, right, dims, eps))), dims);
        });
    }

    /// <summary>PyTorch's matmul: vectors are rows or columns, batches broadcast.</summary>
    internal static GraphValue MatMul(GraphEditor editor, GraphValue left, GraphValue right)
    {
        var (leftRank, rightRank) = (left.Tensor!.Rank, right.Tensor!.Rank);
        if (leftRank == 1 && rightRank == 1)
        {
            return editor.Sum(editor.Mul(left, right), [0]);
        }

        if (leftRank == 1)
        {
            return editor.Squeeze(MatMul(editor, editor.Unsqueeze(left, 0), right), rightRank - 2);
        }

        if (rightRank == 1)
        {
            return editor.Squeeze(MatMul(editor, left, editor.Unsqueeze(right, 1)), leftRank - 1);
        }

        if (leftRank == 2 && rightRank == 2)
        {
            return editor.Call("aten::mm", left, right);
        }

        if (rightRank == 2)
        {
            // All rows of all batches meet one matrix.
            var rows = editor.View(left, -1, editor.Size(left, leftRank - 1));
            return editor.Reshape(editor.Call("aten::mm", rows, right), [.. left.Tensor.Sizes.Take(leftRank - 1), right.Tensor.Sizes[1]]);
        }

        var batch = BroadcastBatch(left, right);
        var product = editor.Call("aten::bmm", Flat(editor, ToBatch(editor, left, batch, right)), Flat(editor, ToBatch(editor, right, batch, left)));
        return batch.Length == 1 ? product : editor.Reshape(product, [.. batch, left.Tensor.Sizes[leftRank - 2], right.Tensor.Sizes[rightRank - 1]]);
    }

    // a x b: the dimension turned once and twice.
    private static GraphValue Cross(GraphEditor editor, GraphValue left, GraphValue right, int dim)
    {
        GraphValue Turned(GraphValue value, long by) => editor.Call("aten::roll", value, new[] { -by }, new[] { dim });
        var difference = editor.Sub(editor.Mul(left, Turned(right, 1)), editor.Mul(Turned(left, 1), right));
        return Turned(difference, 1);
    }

    private static GraphValue? Linear(GraphEditor editor, OperatorCall call)
    {
        var (input, weight, bias) = (call.Tensor("input"), call.Tensor("weight"), call.OptionalTensor("bias"));
        if (weight.Tensor!.Rank != 2 || !input.Tensor!.ScalarType.IsFloatingPoint() || (bias is not null && bias.Tensor!.Rank != 1))
        {
            var product = MatMul(editor, input, weight.Tensor.Rank == 1 ? weight : editor.Permute(weight, 1, 0));
            return bias is null ? product : editor.Add(product, bias);
        }

        var (rows, matrix) = (editor.Contiguous(input), editor.Contiguous(weight));
        return ReferenceEquals(rows, input) && ReferenceEquals(matrix, weight) ? null : editor.Call("aten::linear", rows, matrix, bias);
    }

    private static GraphValue? Mm(GraphEditor editor, GraphValue left, GraphValue right, OperatorCall call)
    {
        var (a, b) = (editor.Contiguous(left), editor.Contiguous(right));
        return ReferenceEquals(a, left) && ReferenceEquals(b, right) ? null : editor.Call(call.Node.FullName, a, b);
    }

    // The factors stay numbers where they are 1; a self that is no vector is added afterwards where addmm's kernels do not broadcast it.
    private static GraphValue? AddMm(GraphEditor editor, OperatorCall call)
    {
        var (self, left, right) = (call.Tensor("self"), call.Tensor("mat1"), call.Tensor("mat2"));
        var type = left.Tensor!.ScalarType;
        return self.Tensor!.ScalarType == type && type.IsFloatingPoint() ? null : Sum(editor, call, editor.Call("aten::mm", left, right));
    }

    // beta self + alpha product
    private static GraphValue Sum(GraphEditor editor, OperatorCall call, GraphValue product)
    {
        var (beta, alpha) = (call.Double("beta"), call.Double("alpha"));
        product = alpha == 1 ? product : editor.Mul(product, call.Argument("alpha"));
        return beta == 0 ? product : editor.Add(beta == 1 ? call.Tensor("self") : editor.Mul(call.Tensor("self"), call.Argument("beta")), product);
    }

    private static GraphValue Length(GraphEditor editor, GraphValue value, int[] dims, double eps) =>
        editor.Clamp(editor.Unary("sqrt", editor.Sum(editor.Square(value), dims, keeps: true)), eps, default);

    private static ImmutableArray<SymbolicInt> Batch(GraphValue value) => [.. value.Tensor!.Sizes.Take(value.Tensor.Rank - 2)];

    private static SymbolicInt[] BroadcastBatch(GraphValue left, GraphValue right)
    {
        var (a, b) = (Batch(left), Batch(right));
        var sizes = new SymbolicInt[Math.Max(a.Length, b.Length)];
        for (var i = 0; i < sizes.Length; i++)
        {
            var first = i - (sizes.Length - a.Length) is >= 0 and var x ? a[x] : 1;
            var second = i - (sizes.Length - b.Length) is >= 0 and var y ? b[y] : 1;
            sizes[i] = first is { IsConstant: true, Value: 1 } ? second : second is { IsConstant: true, Value: 1 } || first.IsConstant ? first : second;
        }

        return sizes;
    }

    private static GraphValue ToBatch(GraphEditor editor, GraphValue value, SymbolicInt[] batch, GraphValue other) =>
        editor.ExpandTo(value, [.. batch, .. value.Tensor!.Sizes.Skip(value.Tensor.Rank - 2)], other);

    private static GraphValue Flat(GraphEditor editor, GraphValue value)
    {
        var spec = value.Tensor!;
        return spec.Rank == 3 ? value : editor.Reshape(value, [Sizes.Product(spec.Sizes.AsSpan(0, spec.Rank - 2)), spec.Sizes[^2], spec.Sizes[^1]]);
    }
}
