using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Losses as arithmetic and a reduction.</summary>
internal static class LossDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::mse_loss", (editor, call) => Reduce(editor, call, editor.Square(Difference(editor, call))));
        table.Add("aten::l1_loss", (editor, call) => Reduce(editor, call, editor.Unary("abs", Difference(editor, call))));
        table.Add("aten::smooth_l1_loss", (editor, call) => call.Double("beta") is var beta && beta == 0 ? Reduce(editor, call, editor.Unary("abs", Difference(editor, call)))
            : Reduce(editor, call, Huber(editor, Difference(editor, call), beta, 1 / beta, 1)));
        table.Add("aten::huber_loss", (editor, call) => Reduce(editor, call, Huber(editor, Difference(editor, call), call.Double("delta"), 1, call.Double("delta"))));
        table.Add("aten::soft_margin_loss", (editor, call) =>
            Reduce(editor, call, editor.Unary("log1p", editor.Unary("exp", editor.Mul(editor.Unary("neg", call.Tensor("self")), call.Tensor("target"))))));
        table.Add("aten::kl_div", (editor, call) =>
        {
            var (self, target) = (call.Tensor("self"), call.Tensor("target"));
            if (call.Bool("log_target"))
            {
                return Reduce(editor, call, editor.Mul(editor.Unary("exp", target), editor.Sub(target, self)));
            }

            var entropy = editor.Where(editor.Call("aten::eq.Scalar", target, 0), editor.Scalar(0, ArithmeticDecompositions.Type(call, "target")), editor.Mul(target, editor.Unary("log", target)));
            return Reduce(editor, call, editor.Sub(entropy, editor.Mul(target, self)));
        });
        table.Add("aten::binary_cross_entropy", (editor, call) =>
        {
            var (self, target) = (call.Tensor("self"), call.Tensor("target"));
            var yes = editor.Clamp(editor.Unary("log", self), -100.0, default);
            var no = editor.Clamp(editor.Unary("log1p", editor.Unary("neg", self)), -100.0, default);
            var loss = editor.Sub(editor.Mul(editor.Sub(target, 1.0), no), editor.Mul(target, yes));
            return Reduce(editor, call, Weighted(editor, call, loss));
        });
        table.Add("aten::binary_cross_entropy_with_logits", (editor, call) =>
        {
            var (self, target) = (call.Tensor("self"), call.Tensor("target"));
            var logSigmoid = editor.Call("aten::log_sigmoid", self);
            var rest = editor.Mul(editor.Call("aten::rsub.Scalar", target, 1.0), self);
            var loss = call.OptionalTensor("pos_weight") is { } positive
                ? editor.Sub(rest, editor.Mul(editor.Add(editor.Mul(editor.Sub(positive, 1.0), target), 1.0), logSigmoid)) : editor.Sub(rest, logSigmoid);
            return Reduce(editor, call, Weighted(editor, call, loss));
        });
        table.Add("aten::cross_entropy_loss", CrossEntropy);
        table.Add(["aten::nll_loss_nd", "aten::nll_loss", "aten::nll_loss2d"], (editor, call) => Likelihood(editor, call, call.Tensor("self")));
    }

    private static GraphValue Difference(GraphEditor editor, OperatorCall call) => editor.Sub(call.Tensor("self"), call.Tensor("target"));

    private static GraphValue Weighted(GraphEditor editor, OperatorCall call, GraphValue loss) => call.OptionalTensor("weight") is { } weight ? editor.Mul(loss, weight) : loss;

    private static int[] All(GraphValue value) => [.. Enumerable.Range(0, value.Tensor!.Rank)];

    // 0 none, 1 mean, 2 sum
    private static GraphValue Reduce(GraphEditor editor, OperatorCall call, GraphValue loss) => call.Int("reduction") switch
    {
        0 => loss,
        1 => loss.Tensor!.Rank == 0 ? loss : editor.Mean(loss, All(loss)),
        _ => loss.Tensor!.Rank == 0 ? loss : editor.Sum(loss, All(loss)),
    };

    private static GraphValue Huber(GraphEditor editor, GraphValue difference, double edge, double squareFactor, double lineFactor)
    {
        var size = editor.Unary("abs", difference);
        var square = editor.Mul(editor.Square(size), 0.5 * squareFactor);
        var line = editor.Sub(size, 0.5 * edge);
        return editor.Where(editor.Call("aten::lt.Scalar", size, edge), square, lineFactor == 1 ? line : editor.Mul(line, lineFactor));
    }

    private static GraphValue CrossEntropy(GraphEditor editor, OperatorCall call)
    {
        var (self, target) = (call.Tensor("self"), call.Tensor("target"));
        var classes = self.Tensor!.Rank == 1 ? 0 : 1;
        var logits = editor.Call("aten::_log_softmax", self, classes, false);
        var smoothing = call.Double("label_smoothing");
        if (!target.Tensor!.ScalarType.IsFloatingPoint())
        {
            return smoothing == 0 ? Likelihood(editor, call, logits) : throw call.Refuse("smoothed labels are not lowered for class indices");
        }

        // The target gives a probability for each class.
        var count = self.Tensor.Sizes[classes];
        var smoothed = smoothing == 0 ? target : editor.Add(editor.Mul(target, 1 - smoothing), smoothing / Sizes.Known(call, count));
        var weighted = call.OptionalTensor("weight") is { } weight ? editor.Mul(logits, Column(editor, weight, self.Tensor.Rank, classes)) : logits;
        var loss = editor.Unary("neg", editor.Sum(editor.Mul(weighted, smoothed), [classes]));
        return call.Int("reduction") == 1 ? editor.Div(editor.Sum(loss, All(loss)), (double)Sizes.Known(call, Sizes.Product(loss.Tensor!.Sizes.AsSpan()))) : Reduce(editor, call, loss);
    }

    private static GraphValue Column(GraphEditor editor, GraphValue weight, int rank, int dim) =>
        editor.Reshape(weight, [.. Enumerable.Range(0, rank).Select(i => i == dim ? weight.Tensor!.Sizes[0] : (SymbolicInt)1)]);

    // Minus the log probability of the class that is right; ignored ones count nothing.
    private static GraphValue Likelihood(GraphEditor editor, OperatorCall call, GraphValue logits)
    {
        var (target, weight, ignored) = (call.Tensor("target"), call.OptionalTensor("weight"), call.Int("ignore_index"));
        var (rank, type) = (logits.Tensor!.Rank, logits.Tensor.ScalarType);
        var classes = rank == 1 ? 0 : 1;
        var isUsed = editor.Call("aten::ne.Scalar", target, ignored);
        var safe = editor.Where(isUsed, target, editor.Scalar(0, target.Tensor!.ScalarType));
        var weighted = weight is null ? logits : editor.Mul(logits, Column(editor, weight, rank, classes));
        var picked = editor.Squeeze(editor.Call("aten::gather", weighted, classes, editor.Unsqueeze(safe, classes)), classes);
        var loss = editor.Where(isUsed, editor.Unary("neg", picked), editor.Scalar(0, type));
        if (call.Int("reduction") != 1)
        {
            return Reduce(editor, call, loss);
        }

        var share = weight is null ? editor.Cast(isUsed, type)
            : editor.Where(isUsed, editor.Reshape(editor.Call("aten::index_select", weight, 0, editor.View(safe, -1)), safe.Tensor!.Sizes.AsSpan()), editor.Scalar(0, type));
        return editor.Div(loss.Tensor!.Rank == 0 ? loss : editor.Sum(loss, All(loss)), share.Tensor!.Rank == 0 ? share : editor.Sum(share, All(share)));
    }
}
