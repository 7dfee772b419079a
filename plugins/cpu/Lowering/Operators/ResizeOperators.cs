using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Images of another size.</summary>
internal static class ResizeOperators
{
    private const uint AlignCorners = 0x8;
    private static readonly int[] s_channelsLast = [0, 2, 3, 1];

    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        table.Add("aten::upsample_bilinear2d.vec", Bilinear);
        table.Add("aten::upsample_nearest2d.vec", Nearest);
    }

    private static void Bilinear(OperatorNode node)
    {
        var input = Image(node);
        var (height, width) = Target(node, input);
        var alignsCorners = node.Bool("align_corners");
        if (alignsCorners && (height == 1 || width == 1))
        {
            throw new LoweringRefusal("corners are aligned on an image of one row or column");
        }

        var id = node.Writer.AddNode(
            PayloadNodeKind.StaticResizeBilinear2D, [node.Writer.Read(input, s_channelsLast)], input.Type, GraphWriter.Arrange(node.Sizes, s_channelsLast),
            first: [(uint)height, (uint)width], flags: alignsCorners ? AlignCorners : 0);
        node.Set(GraphWriter.Wrap(id, input.Type, node.Sizes, s_channelsLast));
    }

    /// <summary>Each pixel some times over, as a product with ones that broadcasts it.</summary>
    private static void Nearest(OperatorNode node)
    {
        var (writer, input) = (node.Writer, Image(node));
        var (height, width) = Target(node, input);
        var (rows, columns) = (input.Sizes[2].Value, input.Sizes[3].Value);
        if (height % rows != 0 || width % columns != 0)
        {
            throw new LoweringRefusal($"[{rows}, {columns}] to [{height}, {width}]; only whole multiples are expressed");
        }

        var (down, across) = (checked((int)(height / rows)), checked((int)(width / columns)));
        SymbolicInt[] spread = [input.Sizes[0], rows, 1, columns, 1, input.Sizes[1]];
        SymbolicInt[] filled = [input.Sizes[0], rows, down, columns, across, input.Sizes[1]];
        SymbolicInt[] result = GraphWriter.Arrange(node.Sizes, s_channelsLast);
        if (!GraphWriter.CanInfer(spread))
        {
            throw new LoweringRefusal("batch and channels are known at run time only");
        }

        var ones = writer.Read(new LoweredTensor(ConstantTensor.Fill(1, input.Type.Scalar, down, 1, across, 1)));
        var pixels = writer.AddReshape(writer.Read(input, s_channelsLast), input.Type, spread);
        var id = writer.AddReshape(writer.AddNode(PayloadNodeKind.Multiply, [pixels, ones], input.Type, filled), input.Type, result);
        node.Set(GraphWriter.Wrap(id, input.Type, node.Sizes, s_channelsLast));
    }

    private static LoweredTensor Image(OperatorNode node)
    {
        var input = node.Tensor("input");
        return input.Rank == 4 && !input.IsConstant && input.Sizes[2].IsConstant && input.Sizes[3].IsConstant ? input
            : throw new LoweringRefusal("a constant, or an image whose size is known at run time only");
    }

    private static (long Height, long Width) Target(OperatorNode node, LoweredTensor input)
    {
        var (height, width) = (node.Sizes[2], node.Sizes[3]);
        if (!height.IsConstant || !width.IsConstant)
        {
            throw new LoweringRefusal("a size that is known at run time only");
        }

        // PyTorch samples by the factor where one is given: the payload by the sizes, which must say the same.
        if (node.Has("scale_factors"))
        {
            var factors = node.Numbers("scale_factors");
            if (factors[0] * input.Sizes[2].Value != height.Value || factors[^1] * input.Sizes[3].Value != width.Value)
            {
                throw new LoweringRefusal($"factors of {string.Join(", ", factors)} do not give whole sizes");
            }
        }

        return (height.Value, width.Value);
    }
}
