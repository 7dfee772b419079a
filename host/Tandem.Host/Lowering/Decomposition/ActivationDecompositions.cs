using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Activations that are made of simpler functions.</summary>
internal static class ActivationDecompositions
{
    private const double SeluAlpha = 1.6732632423543772848170429916717;
    private const double SeluScale = 1.0507009873554804934193349852946;

    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::silu", (editor, call) => editor.Mul(Self(call), editor.Unary("sigmoid", Self(call))));
        table.Add("aten::relu6", (editor, call) => editor.Call("aten::hardtanh", Self(call), 0.0, 6.0));
        table.Add("aten::hardsigmoid", (editor, call) => editor.Div(Gate(editor, Self(call)), 6.0));
        table.Add("aten::hardswish", (editor, call) => editor.Div(editor.Mul(Self(call), Gate(editor, Self(call))), 6.0));
        table.Add("aten::mish", (editor, call) => editor.Mul(Self(call), editor.Unary("tanh", Softplus(editor, Self(call), 1, 20))));
        table.Add("aten::softplus", (editor, call) => Softplus(editor, Self(call), call.Double("beta"), call.Double("threshold")));
        table.Add("aten::log_sigmoid", (editor, call) =>
        {
            var rest = editor.Unary("log1p", editor.Unary("exp", editor.Unary("neg", editor.Unary("abs", Self(call)))));
            return editor.Sub(editor.Clamp(Self(call), Arg.None, 0.0), rest);
        });
        table.Add("aten::celu", (editor, call) => editor.Call("aten::elu", Self(call), call.Double("alpha"), 1.0, 1 / call.Double("alpha")));
        table.Add("aten::selu", (editor, call) => editor.Call("aten::elu", Self(call), SeluAlpha, SeluScale, 1.0));
        table.Add("aten::threshold", (editor, call) =>
            editor.Where(editor.Call("aten::le.Scalar", Self(call), call.Argument("threshold")), editor.Scalar(call.Argument("value"), Type(call)), Self(call)));
        table.Add("aten::hardshrink", (editor, call) =>
            editor.Where(editor.Call("aten::le.Scalar", editor.Unary("abs", Self(call)), call.Argument("lambd")), editor.Scalar(0, Type(call)), Self(call)));
        table.Add("aten::softshrink", (editor, call) =>
        {
            var self = Self(call);
            var shrunk = editor.Sub(self, editor.Mul(editor.Unary("sign", self), call.Argument("lambd")));
            return editor.Where(editor.Call("aten::gt.Scalar", editor.Unary("abs", self), call.Argument("lambd")), shrunk, editor.Mul(self, 0));
        });
        table.Add("aten::glu", (editor, call) =>
        {
            var (self, spec) = (Self(call), Self(call).Tensor!);
            var dim = call.Dim("dim", spec.Rank);
            var half = spec.Sizes[dim].IsConstant ? spec.Sizes[dim].Value / 2 : throw call.Refuse("the size of its dimension is not known ahead of time");
            return editor.Mul(editor.Slice(self, dim, 0, half), editor.Unary("sigmoid", editor.Slice(self, dim, half, 2 * half)));
        });
        table.Add(["aten::prelu", "aten::_prelu_kernel"], (editor, call) =>
        {
            var (self, weight) = (Self(call), call.Tensor("weight"));
            var rank = self.Tensor!.Rank;
            if (weight.Tensor!.Rank == 1 && rank != 1)
            {
                // One slope for each channel, which is the second dimension.
                weight = editor.Reshape(weight, [.. Enumerable.Range(0, rank).Select(dim => dim == 1 ? weight.Tensor.Sizes[0] : (SymbolicInt)1)]);
            }

            return editor.Where(editor.Call("aten::gt.Scalar", self, 0), self, editor.Mul(self, weight));
        });
        table.Add("aten::rrelu", (editor, call) => call.Bool("training") ? throw call.Refuse("it is random in training")
            : editor.Call("aten::leaky_relu", Self(call), (call.Double("lower") + call.Double("upper")) / 2));
        foreach (var name in (ReadOnlySpan<string>)["dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"])
        {
            table.Add("aten::" + name, (editor, call) => call.Bool("train") && call.Double("p") > 0
                ? throw call.Refuse("it is random in training; export the model in evaluation mode") : call.Tensor("input"));
        }

        table.AddMany("aten::native_dropout", (editor, call) => call.Has("train") && !call.Bool("train")
            ? [call.Tensor("input"), editor.Full(editor.Sizes(call.Tensor("input")), true, ScalarType.Bool)] : null);
        foreach (var (name, core) in ((string, string)[])[("softmax", "_softmax"), ("log_softmax", "_log_softmax")])
        {
            table.Add([$"aten::{name}.int", $"aten::special_{name}"], (editor, call) =>
            {
                var self = call.DataType("dtype") is { } type ? editor.Cast(Self(call), type) : Self(call);
                return editor.Call("aten::" + core, self, call.Dim("dim", self.Tensor!.Rank), false);
            });
        }

        table.Add("aten::_safe_softmax", (editor, call) => AttentionDecompositions.SafeSoftmax(editor, Self(call), call.Dim("dim", Self(call).Tensor!.Rank)));
    }

    private static GraphValue Self(OperatorCall call) => call.Tensor("self");

    private static ScalarType Type(OperatorCall call) => ArithmeticDecompositions.Type(call);

    private static GraphValue Gate(GraphEditor editor, GraphValue self) => editor.Clamp(editor.Add(self, 3.0), 0.0, 6.0);

    private static GraphValue Softplus(GraphEditor editor, GraphValue self, double beta, double threshold)
    {
        var scaled = beta == 1 ? self : editor.Mul(self, beta);
        var soft = editor.Unary("log1p", editor.Unary("exp", scaled));
        return editor.Where(editor.Call("aten::gt.Scalar", scaled, threshold), self, beta == 1 ? soft : editor.Div(soft, beta));
    }
}
