using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Element-wise functions of one tensor.</summary>
internal static class UnaryOperators
{
    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        (string Name, PayloadNodeKind Kind)[] exact =
        [
            ("abs", PayloadNodeKind.Abs), ("ceil", PayloadNodeKind.Ceiling), ("floor", PayloadNodeKind.Floor), ("neg", PayloadNodeKind.Negate),
            ("square", PayloadNodeKind.Square),
        ];
        foreach (var (name, kind) in exact)
        {
            table.Add($"aten::{name}", node => node.Set(Apply(node.Writer, kind, node.Tensor("self"))));
        }

        (string Name, PayloadNodeKind Kind)[] rounded =
        [
            ("log", PayloadNodeKind.Log), ("rsqrt", PayloadNodeKind.ReciprocalSquareRoot), ("sin", PayloadNodeKind.Sin), ("cos", PayloadNodeKind.Cos),
            ("tanh", PayloadNodeKind.Tanh), ("hardswish", PayloadNodeKind.Hardswish),
        ];
        foreach (var (name, kind) in rounded)
        {
            table.Add($"aten::{name}", node => node.Set(Apply(node.Writer, kind, node.Single("self"))));
        }

        table.Add("aten::sigmoid", node => node.Set(Sigmoid(node.Writer, node.Single("self"))));
        table.Add("aten::exp", node => node.Set(Exponential(node.Writer, node.Single("self"))));
        table.Add("aten::sqrt", node => node.Set(SquareRoot(node.Writer, node.Single("self"))));

        table.Add("aten::relu", node => node.Set(Clamp(node, 0, float.PositiveInfinity)));
        table.Add("aten::relu6", node => node.Set(Clamp(node, 0, 6)));
        table.Add("aten::hardtanh", node => node.Set(Clamp(node, node.Number("min_val", -1), node.Number("max_val", 1))));
        table.Add("aten::clamp", node => node.Set(Clamp(
            node, node.Number("min", double.NegativeInfinity), node.Number("max", double.PositiveInfinity))));
        table.Add("aten::clamp_min", node => node.Set(Clamp(node, node.Number("min"), double.PositiveInfinity)));
        table.Add("aten::clamp_max", node => node.Set(Clamp(node, double.NegativeInfinity, node.Number("max"))));
        table.Add("aten::leaky_relu", LeakyRelu);
        table.Add("aten::elu", Elu);
        table.Add("aten::gelu", Gelu);
        table.Add("aten::silu", node =>
        {
            var self = node.Single("self");
            node.Set(Broadcast.Binary(node.Writer, PayloadNodeKind.Multiply, self, Sigmoid(node.Writer, self), self.Sizes));
        });
        table.Add("aten::reciprocal", node => node.Set(Reciprocal(node.Writer, node.Tensor("self"))));
        table.Add("aten::pow.Tensor_Scalar", Power);
    }

    /// <summary>Adds a function of one operand, in the order of dimensions that the operand has.</summary>
    public static LoweredTensor Apply(
        GraphWriter writer, PayloadNodeKind kind, LoweredTensor self, float parameter = 0, float minimum = float.NegativeInfinity,
        float maximum = float.PositiveInfinity)
    {
        RefuseConstant(self);
        var form = self.NativeForm;
        return writer.AddNode(kind, [writer.Read(self, form)], self.Type, self.Sizes, form, parameter: parameter, minimum: minimum, maximum: maximum);
    }

    /// <summary>The logistic function. XNNPACK's gives NaN for numbers near the largest, so they are clamped to where the result is 0 or 1 already.</summary>
    private static LoweredTensor Sigmoid(GraphWriter writer, LoweredTensor self) =>
        Apply(writer, PayloadNodeKind.Sigmoid, Apply(writer, PayloadNodeKind.Clamp, self, minimum: -104, maximum: 104));

    /// <summary>e^x. XNNPACK's gives 0 for NaN.</summary>
    private static LoweredTensor Exponential(GraphWriter writer, LoweredTensor self) => KeepNaN(writer, Apply(writer, PayloadNodeKind.Exp, self), self);

    /// <summary>The square root. XNNPACK's is wrong near the largest numbers and NaN for infinity: finite numbers are brought to where it is right, by
    /// powers of 2 that change no digit, and infinity is added again.</summary>
    private static LoweredTensor SquareRoot(GraphWriter writer, LoweredTensor self)
    {
        var finite = Apply(writer, PayloadNodeKind.Clamp, self, maximum: float.MaxValue);
        var root = Apply(writer, PayloadNodeKind.SquareRoot, Scale(writer, PayloadNodeKind.Multiply, finite, 1.0 / (1 << 24)));
        var rest = Broadcast.Binary(writer, PayloadNodeKind.Subtract, self, finite, self.Sizes);
        return Broadcast.Binary(writer, PayloadNodeKind.Add, Scale(writer, PayloadNodeKind.Multiply, root, 1 << 12), rest, self.Sizes);
    }

    /// <summary>A result that is NaN where an operand is, for nodes of XNNPACK that lose it: 0 is added, and NaN times 0 is NaN.</summary>
    public static LoweredTensor KeepNaN(GraphWriter writer, LoweredTensor result, params ReadOnlySpan<LoweredTensor> operands)
    {
        foreach (var operand in operands)
        {
            if (!operand.IsConstant)
            {
                var zero = Scale(writer, PayloadNodeKind.Multiply, Apply(writer, PayloadNodeKind.Clamp, operand, minimum: -1, maximum: 1), 0);
                result = Broadcast.Binary(writer, PayloadNodeKind.Add, result, zero, result.Sizes);
            }
        }

        return result;
    }

    private static void RefuseConstant(LoweredTensor self)
    {
        if (self.IsConstant)
        {
            throw new LoweringRefusal("the operand is a constant; the result is known ahead of time");
        }
    }

    private static LoweredTensor Clamp(OperatorNode node, double minimum, double maximum)
    {
        var (writer, self) = (node.Writer, node.Tensor("self"));
        var (low, high) = ((float)minimum, (float)maximum);

        // 0 has a code of its own; another bound is rounded to a code, which is right where the result is rounded like that at once.
        if (self.Codes is { IsConstant: false } codes && low < high && (codes.Type.Quantization == node.ResultQuantization || (HasCode(low) && HasCode(high))))
        {
            return Apply(writer, PayloadNodeKind.Clamp, codes, minimum: low, maximum: high);
        }

        return float.IsNaN(low) || float.IsNaN(high) || low >= high
            ? throw new LoweringRefusal($"the bounds {low} and {high}; a payload's clamp needs the first below the second")
            : float.IsNegativeInfinity(low) && float.IsPositiveInfinity(high) ? self
            : Apply(writer, PayloadNodeKind.Clamp, self, minimum: low, maximum: high);
    }

    private static bool HasCode(float bound) => bound == 0 || float.IsInfinity(bound);

    private static void LeakyRelu(OperatorNode node)
    {
        var slope = (float)node.Number("negative_slope", 0.01);
        if (!float.IsFinite(slope) || slope == 0)
        {
            throw new LoweringRefusal($"the slope {slope}; a payload's leaky ReLU needs a finite one other than 0");
        }

        node.Set(Apply(node.Writer, PayloadNodeKind.LeakyReLU, node.Tensor("self"), slope));
    }

    private static void Elu(OperatorNode node)
    {
        var alpha = (float)node.Number("alpha", 1);
        if (node.Number("scale", 1) != 1 || node.Number("input_scale", 1) != 1 || !float.IsFinite(alpha) || alpha <= 0)
        {
            throw new LoweringRefusal("scale or input_scale is not 1, or alpha is not positive");
        }

        node.Set(Apply(node.Writer, PayloadNodeKind.ELU, node.Single("self"), alpha));
    }

    private static void Gelu(OperatorNode node)
    {
        var (writer, self) = (node.Writer, node.Single("self"));
        if (node.Text("approximate", "none") == "none")
        {
            node.Set(Apply(writer, PayloadNodeKind.Gelu, self));
            return;
        }

        // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) = x/2 (1 + tanh(x (sqrt(2/pi) + sqrt(2/pi) 0.044715 x^2)))
        RefuseConstant(self);
        var root = Math.Sqrt(2 / Math.PI);
        var square = Apply(writer, PayloadNodeKind.Square, self);
        var inner = Scale(writer, PayloadNodeKind.Add, Scale(writer, PayloadNodeKind.Multiply, square, root * 0.044715), root);
        var bent = Apply(writer, PayloadNodeKind.Tanh, Broadcast.Binary(writer, PayloadNodeKind.Multiply, inner, self, self.Sizes));
        var half = Scale(writer, PayloadNodeKind.Multiply, self, 0.5);
        node.Set(Broadcast.Binary(writer, PayloadNodeKind.Multiply, Scale(writer, PayloadNodeKind.Add, bent, 1), half, self.Sizes));
    }

    /// <summary>Adds a node of a tensor and a number.</summary>
    public static LoweredTensor Scale(GraphWriter writer, PayloadNodeKind kind, LoweredTensor self, double number) =>
        Broadcast.Binary(writer, kind, self, writer.Scalar(number, self.Type, self.Rank), self.Sizes);

    /// <summary>1 / x.</summary>
    public static LoweredTensor Reciprocal(GraphWriter writer, LoweredTensor self) =>
        Broadcast.Binary(writer, PayloadNodeKind.Div, writer.Scalar(1, self.Type, self.Rank), self, self.Sizes);

    private static void Power(OperatorNode node)
    {
        var (writer, self, exponent) = (node.Writer, node.Tensor("self"), node.Number("exponent"));
        LoweredTensor Square(LoweredTensor tensor) => Apply(writer, PayloadNodeKind.Square, tensor);
        node.Set(exponent switch
        {
            1 => self,
            2 => Square(self),
            3 => Broadcast.Binary(writer, PayloadNodeKind.Multiply, Square(self), self, self.Sizes),
            4 => Square(Square(self)),
            -1 => Reciprocal(writer, self),
            -2 => Reciprocal(writer, Square(self)),
            _ => throw new LoweringRefusal($"the exponent {exponent.ToString(System.Globalization.CultureInfo.InvariantCulture)}; payloads square"),
        });
    }
}
