using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Element-wise arithmetic of two tensors, or of a tensor and a number.</summary>
internal static class BinaryOperators
{
    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        foreach (var overload in (string[])["Tensor", "Scalar"])
        {
            table.Add($"aten::add.{overload}", node => Apply(node, PayloadNodeKind.Add, hasAlpha: true));
            table.Add($"aten::sub.{overload}", node => Apply(node, PayloadNodeKind.Subtract, hasAlpha: true));
            table.Add($"aten::mul.{overload}", node => Apply(node, PayloadNodeKind.Multiply));
            table.Add($"aten::div.{overload}", node => Apply(node, PayloadNodeKind.Div));
            table.Add($"aten::rsub.{overload}", ReverseSubtract);
        }

        table.Add("aten::maximum", node => Extreme(node, PayloadNodeKind.Maximum));
        table.Add("aten::minimum", node => Extreme(node, PayloadNodeKind.Minimum));
        table.Add("aten::prelu", PRelu);
        table.Add("aten::_prelu_kernel", PRelu);
    }

    private static void Apply(OperatorNode node, PayloadNodeKind kind, bool hasAlpha = false)
    {
        var self = node.Tensor("self");
        var alpha = hasAlpha ? node.Number("alpha", 1) : 1;
        if (alpha == 1 && node.IsReference("other") && self.Codes is { } first && node.Tensor("other").Codes is { } second && node.ResultQuantization is { } result
            && !(first.IsConstant && second.IsConstant) && IsWithinReach(kind, first, second, result))
        {
            node.Set(Broadcast.Binary(node.Writer, kind, first, second, node.Sizes, new ElementType(ScalarType.Char, result)));
            return;
        }

        node.Set(Broadcast.Binary(node.Writer, kind, self, Other(node, self, alpha), node.Sizes));
    }

    // XNNPACK's arithmetic of codes has a fixed point, and takes scales that are not too far apart.
    private static bool IsWithinReach(PayloadNodeKind kind, LoweredTensor first, LoweredTensor second, PayloadQuantization.PerTensor result)
    {
        var (x, y) = (((PayloadQuantization.PerTensor)first.Type.Quantization!).Scale, ((PayloadQuantization.PerTensor)second.Type.Quantization!).Scale);
        return kind switch
        {
            PayloadNodeKind.Multiply => x * y / result.Scale is >= 1f / 65536 and < 256,
            PayloadNodeKind.Add or PayloadNodeKind.Subtract => x / result.Scale is >= 1f / 1024 and < 256 && y / result.Scale is >= 1f / 1024 and < 256,
            _ => false,
        };
    }

    private static void Extreme(OperatorNode node, PayloadNodeKind kind)
    {
        var (self, other) = (node.Tensor("self"), node.Tensor("other"));
        node.Set(UnaryOperators.KeepNaN(node.Writer, Broadcast.Binary(node.Writer, kind, self, other, node.Sizes), self, other));
    }

    private static void ReverseSubtract(OperatorNode node)
    {
        var self = node.Tensor("self");
        var other = Other(node, self, 1);
        var alpha = node.Number("alpha", 1);
        var subtracted = alpha == 1 ? self : UnaryOperators.Scale(node.Writer, PayloadNodeKind.Multiply, self, alpha);
        node.Set(Broadcast.Binary(node.Writer, PayloadNodeKind.Subtract, other, subtracted, node.Sizes));
    }

    private static LoweredTensor Other(OperatorNode node, LoweredTensor self, double alpha)
    {
        if (!node.IsReference("other"))
        {
            return node.Writer.Scalar(node.Number("other") * alpha, self.Type, self.Rank);
        }

        var other = node.Tensor("other");
        return alpha == 1 ? other : UnaryOperators.Scale(node.Writer, PayloadNodeKind.Multiply, other, alpha);
    }

    private static void PRelu(OperatorNode node)
    {
        var (self, weight) = (node.Tensor("self"), node.Tensor("weight"));
        if (!weight.IsConstant)
        {
            throw new LoweringRefusal("the slope is computed at run time");
        }

        // The slope lies on the last dimension of the payload's node: channels go there.
        var channels = self.Rank < 2 ? 1 : self.Sizes[1].IsConstant ? (int)self.Sizes[1].Value : throw new LoweringRefusal("the number of channels is known at run time only");
        int[] form = self.Rank < 2 ? TensorStorage.Identity(self.Rank) : [0, .. Enumerable.Range(2, self.Rank - 2), 1];
        var slope = weight.Constant.Reshape([checked((int)weight.Constant.ElementCount)]).Expand([channels]);
        node.Set(node.Writer.AddNode(
            PayloadNodeKind.PReLU, [node.Writer.Read(self, form), node.Writer.Read(new LoweredTensor(slope))], self.Type, self.Sizes, form));
    }
}
