using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Every convolution as aten::convolution on batches.</summary>
internal static class ConvolutionDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        for (var spatial = 1; spatial <= 3; spatial++)
        {
            var dims = spatial;
            table.Add($"aten::conv{dims}d", (editor, call) => Convolve(editor, call, dims, Ints(call, "padding", dims), false));
            table.Add($"aten::conv{dims}d.padding", (editor, call) => WithPaddingMode(editor, call, dims));
            table.Add(dims == 1 ? "aten::conv_transpose1d" : $"aten::conv_transpose{dims}d.input", (editor, call) => Convolve(editor, call, dims, Ints(call, "padding", dims), true));
        }

        table.Add(["aten::_convolution", "aten::_convolution.deprecated"], (editor, call) =>
            Convolve(editor, call, call.Tensor("weight").Tensor!.Rank - 2, Ints(call, "padding", call.Tensor("weight").Tensor!.Rank - 2), call.Bool("transposed")));
        table.Add("aten::convolution", Volume);
        table.Add("aten::im2col", Im2Col);
        table.Add("aten::col2im", Col2Im);
    }

    private static long[] Ints(OperatorCall call, string name, int count) => Sizes.Spread(call.Ints(name), count);

    private static GraphValue Convolve(GraphEditor editor, OperatorCall call, int spatial, long[] padding, bool isTransposed, GraphValue? padded = null)
    {
        var input = padded ?? call.Tensor("input");
        var isSingle = input.Tensor!.Rank == spatial + 1;
        input = isSingle ? editor.Unsqueeze(input, 0) : input;
        var outputPadding = call.Schema?.Find("output_padding") is null ? new long[spatial] : Ints(call, "output_padding", spatial);
        var result = editor.Call("aten::convolution", input, call.Tensor("weight"), call.OptionalTensor("bias"), Ints(call, "stride", spatial), padding, Ints(call, "dilation", spatial),
            isTransposed, outputPadding, call.Int("groups"));
        return isSingle ? editor.Squeeze(result, 0) : result;
    }

    private static GraphValue WithPaddingMode(GraphEditor editor, OperatorCall call, int spatial)
    {
        if (call.Text("padding") == "valid")
        {
            return Convolve(editor, call, spatial, new long[spatial], false);
        }

        // "same": what is odd goes to the end.
        var (weight, dilation) = (call.Tensor("weight").Tensor!, Ints(call, "dilation", spatial));
        var total = Enumerable.Range(0, spatial).Select(i => dilation[i] * (Sizes.Known(call, weight.Sizes[2 + i]) - 1)).ToArray();
        if (Array.TrueForAll(total, pad => pad % 2 == 0))
        {
            return Convolve(editor, call, spatial, [.. total.Select(pad => pad / 2)], false);
        }

        var ends = total.Reverse().SelectMany(pad => new[] { 0, pad % 2 }).ToArray();
        return Convolve(editor, call, spatial, [.. total.Select(pad => pad / 2)], false, editor.Call("aten::constant_pad_nd", call.Tensor("input"), ends));
    }

    // A convolution over volumes is the sum, over the depth of the kernel, of convolutions over the planes that lie under it.
    private static GraphValue? Volume(GraphEditor editor, OperatorCall call)
    {
        var (input, weight) = (call.Tensor("input"), call.Tensor("weight"));
        if (weight.Tensor!.Rank != 5)
        {
            return null;
        }

        if (call.Bool("transposed"))
        {
            throw call.Refuse("a transposed convolution over volumes has no planes");
        }

        var (stride, padding, dilation) = (Ints(call, "stride", 3), Ints(call, "padding", 3), Ints(call, "dilation", 3));
        var padded = padding[0] == 0 ? input : editor.Call("aten::constant_pad_nd", input, new[] { 0, 0, 0, 0, padding[0], padding[0] });
        var output = SpecInference.Infer(editor, call.Node)![0];
        var depth = Sizes.Known(call, output.Sizes[2]);
        var spec = padded.Tensor!;
        GraphValue? sum = null;
        for (var k = 0; k < Sizes.Known(call, weight.Tensor.Sizes[2]); k++)
        {
            // Every plane that slice k of the kernel meets, as one batch of pictures.
            var planes = editor.Slice(padded, 2, k * dilation[0], (k * dilation[0]) + ((depth - 1) * stride[0]) + 1, stride[0]);
            var batch = editor.View(editor.Permute(planes, 0, 2, 1, 3, 4), -1, editor.Size(padded, 1), editor.Size(padded, 3), editor.Size(padded, 4));
            var part = editor.Call("aten::convolution", batch, editor.Select(weight, 2, k), k == 0 ? call.OptionalTensor("bias") : Arg.None,
                stride[1..], padding[1..], dilation[1..], false, new long[2], call.Int("groups"));
            sum = sum is null ? part : editor.Add(sum, part);
        }

        var result = editor.Reshape(sum!, spec.Sizes[0], depth, output.Sizes[1], output.Sizes[3], output.Sizes[4]);
        return editor.Permute(result, 0, 2, 1, 3, 4);
    }

    // Every element of every window is added to its place, which windows share.
    private static GraphValue Col2Im(GraphEditor editor, OperatorCall call)
    {
        var self = call.Tensor("self");
        var (output, kernel, dilation, padding, stride) = (Ints(call, "output_size", 2), Ints(call, "kernel_size", 2), Ints(call, "dilation", 2), Ints(call, "padding", 2), Ints(call, "stride", 2));
        var isSingle = self.Tensor!.Rank == 2;
        self = isSingle ? editor.Unsqueeze(self, 0) : self;
        var channels = Sizes.Known(call, self.Tensor!.Sizes[1]) / (kernel[0] * kernel[1]);
        var indices = new GraphArgument[4];
        var windows = new long[2];
        (indices[0], indices[1]) = (new GraphArgument.None(), new GraphArgument.None());
        for (var i = 0; i < 2; i++)
        {
            windows[i] = ((output[i] + (2 * padding[i]) - (dilation[i] * (kernel[i] - 1)) - 1) / stride[i]) + 1;
            var places = editor.Add(editor.Unsqueeze(editor.Mul(editor.Arange(kernel[i]), dilation[i]), 1), editor.Mul(editor.Arange(windows[i]), stride[i]));
            indices[2 + i] = new GraphArgument.Reference(editor.Reshape(places, i == 0 ? kernel[0] : 1, i == 0 ? 1 : kernel[1], i == 0 ? windows[0] : 1, i == 0 ? 1 : windows[1]).Name);
        }

        var values = editor.Reshape(self, self.Tensor.Sizes[0], channels, kernel[0], kernel[1], windows[0], windows[1]);
        var empty = editor.Full([editor.Size(self, 0), channels, output[0] + (2 * padding[0]), output[1] + (2 * padding[1])], 0, self.Tensor.ScalarType);
        var sum = editor.Call("aten::index_put", empty, indices, values, true);
        for (var i = 0; i < 2; i++)
        {
            sum = editor.Slice(sum, 2 + i, padding[i], padding[i] + output[i]);
        }

        return isSingle ? editor.Squeeze(sum, 0) : sum;
    }

    // Windows along one direction, then along the other: rows and columns are picked by index.
    private static GraphValue Im2Col(GraphEditor editor, OperatorCall call)
    {
        var self = call.Tensor("self");
        var (kernel, dilation, padding, stride) = (Ints(call, "kernel_size", 2), Ints(call, "dilation", 2), Ints(call, "padding", 2), Ints(call, "stride", 2));
        var isSingle = self.Tensor!.Rank == 3;
        self = isSingle ? editor.Unsqueeze(self, 0) : self;
        self = padding is [0, 0] ? self : editor.Call("aten::constant_pad_nd", self, new[] { padding[1], padding[1], padding[0], padding[0] });
        var sizes = self.Tensor!.Sizes;
        var windows = new long[2];
        for (var i = 0; i < 2; i++)
        {
            windows[i] = ((Sizes.Known(call, sizes[2 + i]) - (dilation[i] * (kernel[i] - 1)) - 1) / stride[i]) + 1;
            var offsets = editor.Mul(editor.Arange(kernel[i]), dilation[i]);
            var starts = editor.Mul(editor.Arange(windows[i]), stride[i]);
            var places = editor.View(editor.Add(editor.Unsqueeze(offsets, 1), starts), kernel[i] * windows[i]);
            self = editor.Call("aten::index_select", self, 2 + i, places);
        }

        var split = editor.Reshape(self, sizes[0], sizes[1], kernel[0], windows[0], kernel[1], windows[1]);
        var moved = editor.Permute(split, 0, 1, 2, 4, 3, 5);
        var result = editor.View(moved, (Arg)editor.Size(self, 0), Sizes.Known(call, sizes[1]) * kernel[0] * kernel[1], windows[0] * windows[1]);
        return isSingle ? editor.Squeeze(result, 0) : result;
    }
}
