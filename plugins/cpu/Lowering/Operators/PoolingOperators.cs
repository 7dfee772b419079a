using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Pooling over windows of images.</summary>
internal static class PoolingOperators
{
    private const uint KeepDimensions = 0x40;
    private static readonly int[] s_channelsLast = [0, 2, 3, 1];

    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        table.Add("aten::max_pool2d", Maximum);
        table.Add("aten::max_pool2d_with_indices", Maximum);
        table.Add("aten::avg_pool2d", Average);
        table.Add("aten::_adaptive_avg_pool2d", AdaptiveAverage);
        table.Add("aten::adaptive_avg_pool2d", AdaptiveAverage);
    }

    /// <summary>The mean over height and width, which stay as dimensions of size 1.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="self">[N, C, H, W].</param>
    /// <param name="type">Type of the result, if it is not that of the operand.</param>
    public static LoweredTensor GlobalAverage(GraphWriter writer, LoweredTensor self, ElementType? type = null) => writer.AddNode(
        PayloadNodeKind.GlobalAvgPooling2d, [writer.Read(self, s_channelsLast)], type ?? self.Type, [self.Sizes[0], self.Sizes[1], 1, 1], s_channelsLast, KeepDimensions);

    private static void Maximum(OperatorNode node)
    {
        var self = Image(node);
        if (node.OutputCount > 1 && node.IsUsed(1))
        {
            throw new LoweringRefusal("the indices of the maxima are used");
        }

        var window = Window.Read(node, hasDilation: true);
        if (window.StrideHeight > window.Height || window.StrideWidth > window.Width)
        {
            throw new LoweringRefusal("a stride larger than the window");
        }

        // The greatest number has the greatest code.
        node.Set(Pool(node, PayloadNodeKind.MaxPooling2d, self.Codes ?? self, window, window.Rest(self, node)));
    }

    private static void Average(OperatorNode node)
    {
        var (writer, self) = (node.Writer, Image(node));
        var window = Window.Read(node, hasDilation: false);
        var rest = window.Rest(self, node);
        if (rest != (0, 0))
        {
            throw new LoweringRefusal("the last windows reach beyond the padded image (ceil_mode)");
        }

        var hasPadding = window.PaddingHeight > 0 || window.PaddingWidth > 0;
        var divisor = node.Has("divisor_override") ? node.Int("divisor_override") : 0;
        if (hasPadding && (node.Bool("count_include_pad", true) || divisor != 0))
        {
            // The payload's node leaves padding out of the count: zeros of the image itself are counted.
            self = MovingOperators.Pad(writer, self, [0, 0, window.PaddingHeight, window.PaddingWidth], [0, 0, window.PaddingHeight, window.PaddingWidth], 0);
            window = window with { PaddingHeight = 0, PaddingWidth = 0 };
        }

        var result = Pool(node, PayloadNodeKind.AvgPooling2d, self, window, rest);
        node.Set(divisor == 0 ? result
            : UnaryOperators.Scale(writer, PayloadNodeKind.Multiply, result, (double)window.Height * window.Width / divisor));
    }

    private static void AdaptiveAverage(OperatorNode node)
    {
        var self = Image(node);
        var target = node.Ints("output_size");
        if (target is [1, 1] or [1])
        {
            node.Set(GlobalAverage(node.Writer, self));
            return;
        }

        var (height, width) = (self.Sizes[2], self.Sizes[3]);
        if (!height.IsConstant || !width.IsConstant || height.Value % target[0] != 0 || width.Value % target[^1] != 0)
        {
            throw new LoweringRefusal($"[{height}, {width}] does not divide into [{target[0]}, {target[^1]}]; windows of a payload are equal");
        }

        var (windowHeight, windowWidth) = (checked((int)(height.Value / target[0])), checked((int)(width.Value / target[^1])));
        node.Set(Pool(node, PayloadNodeKind.AvgPooling2d, self, new Window(windowHeight, windowWidth, windowHeight, windowWidth, 0, 0, 1, 1), (0, 0)));
    }

    private static LoweredTensor Image(OperatorNode node)
    {
        var self = node.Tensor("self");
        return self.IsConstant ? throw new LoweringRefusal("the operand is a constant; the result is known ahead of time")
            : self.Rank == 4 ? self : throw new LoweringRefusal($"pooling of a tensor of rank {self.Rank}; payloads pool batches of images");
    }

    private static LoweredTensor Pool(OperatorNode node, PayloadNodeKind kind, LoweredTensor self, Window window, (int Height, int Width) rest)
    {
        if (window.Height * window.Width == 1)
        {
            throw new LoweringRefusal("a window of one element, which XNNPACK refuses");
        }

        var id = node.Writer.AddNode(
            kind, [node.Writer.Read(self, s_channelsLast)], self.Type, GraphWriter.Arrange(node.Sizes, s_channelsLast), flags: KeepDimensions, pooling: new PayloadPooling(
                (uint)window.PaddingHeight, (uint)(window.PaddingWidth + rest.Width), (uint)(window.PaddingHeight + rest.Height), (uint)window.PaddingWidth,
                (uint)window.Height, (uint)window.Width, (uint)window.StrideHeight, (uint)window.StrideWidth, (uint)window.DilationHeight, (uint)window.DilationWidth));
        return GraphWriter.Wrap(id, self.Type, node.Sizes, s_channelsLast);
    }

    private sealed record Window(
        int Height, int Width, int StrideHeight, int StrideWidth, int PaddingHeight, int PaddingWidth, int DilationHeight, int DilationWidth)
    {
        public static Window Read(OperatorNode node, bool hasDilation)
        {
            var size = node.Ints("kernel_size");
            var stride = node.Ints("stride");
            stride = stride.Length == 0 ? size : stride;
            var padding = node.Ints("padding", 0);
            var dilation = hasDilation ? node.Ints("dilation", 1) : [1];
            return new Window(
                checked((int)size[0]), checked((int)size[^1]), checked((int)stride[0]), checked((int)stride[^1]), checked((int)padding[0]),
                checked((int)padding[^1]), checked((int)dilation[0]), checked((int)dilation[^1]));
        }

        /// <summary>Rows and columns that the last windows reach beyond the padded image (ceil_mode).</summary>
        public (int Height, int Width) Rest(LoweredTensor self, OperatorNode node)
        {
            if (!node.Bool("ceil_mode"))
            {
                return (0, 0);
            }

            return (Reach(self.Sizes[2], node.Sizes[2], Height, StrideHeight, PaddingHeight, DilationHeight),
                Reach(self.Sizes[3], node.Sizes[3], Width, StrideWidth, PaddingWidth, DilationWidth));
        }

        private static int Reach(SymbolicInt size, SymbolicInt outputs, int window, int stride, int padding, int dilation) =>
            !size.IsConstant || !outputs.IsConstant ? throw new LoweringRefusal("ceil_mode on an image whose size is known at run time only")
            : (int)Math.Max(0, ((outputs.Value - 1) * stride) + ((window - 1L) * dilation) + 1 - size.Value - (2L * padding));
    }
}
