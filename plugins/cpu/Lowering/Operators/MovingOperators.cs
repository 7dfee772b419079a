using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Parts of tensors, and tensors put together.</summary>
internal static class MovingOperators
{
    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        table.Add("aten::slice_copy.Tensor", Slice);
        table.Add("aten::select_copy.int", Select);
        table.Add("aten::split_with_sizes_copy", node => Split(node, node.Ints("split_sizes")));
        table.Add("aten::split_copy.Tensor", node => Split(node, null));
        table.Add("aten::unbind_copy.int", Unbind);
        table.Add("aten::cat", Concatenate);
        table.Add("aten::stack", Stack);
        table.Add("aten::constant_pad_nd", Pad);
        table.Add("aten::repeat", Repeat);
        table.Add("aten::pixel_shuffle", PixelShuffle);
    }

    /// <summary>A number before and after the elements of each dimension.</summary>
    public static LoweredTensor Pad(GraphWriter writer, LoweredTensor self, long[] before, long[] after, float value)
    {
        if (before.All(static count => count == 0) && after.All(static count => count == 0))
        {
            return self;
        }

        // 0 has a code of its own.
        if (self.Codes is { } codes && value == 0)
        {
            return LoweredTensor.Dequantise(writer, Pad(writer, codes, before, after, 0), self.Type.Scalar);
        }

        var sizes = self.Sizes.Select((size, i) => Grow(size, before[i] + after[i])).ToArray();
        var form = self.NativeForm;
        var id = writer.AddNode(
            PayloadNodeKind.StaticConstantPad, [writer.Read(self, form)], self.Type, GraphWriter.Arrange(sizes, form),
            first: Array.ConvertAll(form, i => (uint)before[i]), second: Array.ConvertAll(form, i => (uint)after[i]), parameter: value);
        return GraphWriter.Wrap(id, self.Type, sizes, form);
    }

    private static SymbolicInt Grow(SymbolicInt size, long by) => by == 0 ? size
        : size.IsConstant ? size.Value + by
        : size.IsBounded ? SymbolicInt.Symbol($"({size.Expression}) + {by}", size.Minimum + by, size.Maximum + by)
        : throw new LoweringRefusal($"the size {size} has no upper bound");

    private static void Slice(OperatorNode node)
    {
        var self = node.Tensor("self");
        var dimension = OperatorNode.Dimension(node.Int("dim", 0), self.Rank);
        var (size, step) = (self.Sizes[dimension], node.Int("step", 1));
        if (step != 1)
        {
            throw new LoweringRefusal($"a slice of step {step}; payloads slice with step 1");
        }

        var (start, end) = (node.Int("start", 0), node.Int("end", long.MaxValue));
        if (!size.IsConstant)
        {
            node.Set(start >= 0 && end == long.MaxValue && start < size.Minimum
                ? Views.Slice(node.Writer, self, dimension, start, start == 0 ? size : node.Sizes[dimension])
                : throw new LoweringRefusal($"a part of a dimension whose size {size} is known at run time only"));
            return;
        }

        start = Math.Clamp(start < 0 ? start + size.Value : start, 0, size.Value);
        end = Math.Clamp(end < 0 ? end + size.Value : end, start, size.Value);
        node.Set(Views.Slice(node.Writer, self, dimension, start, end - start));
    }

    private static void Select(OperatorNode node)
    {
        var self = node.Tensor("self");
        var dimension = OperatorNode.Dimension(node.Int("dim"), self.Rank);
        var (size, index) = (self.Sizes[dimension], node.Int("index"));
        if (index < 0 && !size.IsConstant)
        {
            throw new LoweringRefusal($"an element from the end of a dimension whose size {size} is known at run time only");
        }

        index = index < 0 ? index + size.Value : index;
        if (index < 0 || index >= size.Minimum)
        {
            throw new LoweringRefusal($"element {index} of a dimension of size {size}");
        }

        node.Set(Views.Squeeze(node.Writer, Views.Slice(node.Writer, self, dimension, index, 1), dimension));
    }

    private static void Split(OperatorNode node, long[]? parts)
    {
        var self = node.Tensor("self");
        var dimension = OperatorNode.Dimension(node.Int("dim", 0), self.Rank);
        if (!self.Sizes[dimension].IsConstant)
        {
            throw new LoweringRefusal($"parts of a dimension whose size {self.Sizes[dimension]} is known at run time only");
        }

        long start = 0;
        for (var i = 0; i < node.OutputCount; i++)
        {
            var size = parts is null ? node.Spec(i).Sizes[dimension].Value : parts[i];
            if (node.IsUsed(i))
            {
                node.Set(Views.Slice(node.Writer, self, dimension, start, size), i);
            }

            start += size;
        }
    }

    private static void Unbind(OperatorNode node)
    {
        var self = node.Tensor("self");
        var dimension = OperatorNode.Dimension(node.Int("dim", 0), self.Rank);
        for (var i = 0; i < node.OutputCount; i++)
        {
            if (node.IsUsed(i))
            {
                node.Set(Views.Squeeze(node.Writer, Views.Slice(node.Writer, self, dimension, i, 1), dimension), i);
            }
        }
    }

    private static void Concatenate(OperatorNode node)
    {
        var tensors = node.Tensors("tensors");
        node.Set(tensors.All(static tensor => tensor.IsConstant) || tensors.Any(tensor => tensor.Rank != node.Sizes.Length)
            ? throw new LoweringRefusal("all operands are constants, or one has another rank")
            : Views.Concatenate(node.Writer, tensors, OperatorNode.Dimension(node.Int("dim", 0), node.Sizes.Length), node.Sizes));
    }

    private static void Stack(OperatorNode node)
    {
        var dimension = OperatorNode.Dimension(node.Int("dim", 0), node.Sizes.Length);
        var tensors = node.Tensors("tensors");
        node.Set(tensors.All(static tensor => tensor.IsConstant) ? throw new LoweringRefusal("all operands are constants")
            : Views.Concatenate(
                node.Writer, [.. tensors.Select(tensor => Views.Unsqueeze(node.Writer, tensor, dimension))], dimension, node.Sizes));
    }

    private static void Pad(OperatorNode node)
    {
        var (writer, self, pad, value) = (node.Writer, node.Tensor("self"), node.Ints("pad"), (float)node.Number("value", 0));
        var (before, after) = (new long[self.Rank], new long[self.Rank]);
        for (var i = 0; i < pad.Length / 2; i++)
        {
            var dimension = self.Rank - 1 - i;
            (before[dimension], after[dimension]) = (pad[2 * i], pad[(2 * i) + 1]);
        }

        // Negative padding cuts off.
        for (var i = 0; i < self.Rank; i++)
        {
            if (before[i] < 0 || after[i] < 0)
            {
                var (start, end) = (Math.Max(0, -before[i]), Math.Max(0, -after[i]));
                self = self.Sizes[i].IsConstant && self.Sizes[i].Value > start + end
                    ? Views.Slice(writer, self, i, start, self.Sizes[i].Value - start - end)
                    : throw new LoweringRefusal("negative padding takes all of a dimension, or its size is known at run time only");
            }
        }

        // Another number is rounded to a code, which is right where the result is rounded like that at once.
        self = self.Codes is { IsConstant: false } codes && codes.Type.Quantization == node.ResultQuantization ? codes : self;
        node.Set(self.IsConstant ? throw new LoweringRefusal("the operand is a constant; the result is known ahead of time")
            : Pad(writer, self, Array.ConvertAll(before, static count => Math.Max(0, count)), Array.ConvertAll(after, static count => Math.Max(0, count)), value));
    }

    private static void Repeat(OperatorNode node)
    {
        var (writer, self, repeats) = (node.Writer, node.Tensor("self"), node.Ints("repeats"));
        var lead = repeats.Length - self.Rank;
        if (lead < 0 || repeats.Any(static count => count < 1) || self.IsConstant)
        {
            throw new LoweringRefusal("a constant is repeated, or something is repeated less than once");
        }

        SymbolicInt[] sizes = [.. Enumerable.Repeat((SymbolicInt)1, lead), .. self.Sizes];
        var result = Views.Reshape(writer, self, sizes);
        for (var i = 0; i < repeats.Length; i++)
        {
            if (repeats[i] > 64)
            {
                throw new LoweringRefusal($"{repeats[i]} repetitions; more than 64 are left to a copying loop");
            }

            if (repeats[i] > 1)
            {
                sizes = [.. sizes];
                sizes[i] = node.Sizes[i];
                result = Views.IsOne(result.Sizes[i]) ? Views.Expand(writer, result, sizes)
                    : Views.Concatenate(writer, [.. Enumerable.Repeat(result, (int)repeats[i])], i, sizes);
            }
        }

        node.Set(result);
    }

    private static void PixelShuffle(OperatorNode node)
    {
        var (writer, self, factor) = (node.Writer, node.Tensor("self"), node.Int("upscale_factor"));
        if (self.Rank != 4 || self.IsConstant)
        {
            throw new LoweringRefusal($"a tensor of rank {self.Rank}, or a constant");
        }

        var sizes = node.Sizes;
        var split = Views.Reshape(writer, self, [sizes[0], sizes[1], factor, factor, self.Sizes[2], self.Sizes[3]]);
        node.Set(Views.Reshape(writer, split.Permute([0, 1, 4, 2, 5, 3]), sizes));
    }
}
