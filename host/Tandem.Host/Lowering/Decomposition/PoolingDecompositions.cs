using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Pooling: one dimension as two, adaptive windows as fixed ones where they divide the input.</summary>
internal static class PoolingDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::avg_pool1d", (editor, call) => AsPicture(editor, call, picture => editor.Call("aten::avg_pool2d", picture,
            Row(call, "kernel_size", 1), call.OptionalInts("stride") is { Length: > 0 } stride ? new[] { 1, stride[0] } : Row(call, "kernel_size", 1), Row(call, "padding", 0),
            call.Bool("ceil_mode"), call.Bool("count_include_pad"))));
        table.Add("aten::max_pool1d", (editor, call) => AsPicture(editor, call, picture => MaxPool(editor, call, picture)[0]));
        table.AddMany("aten::max_pool1d_with_indices", (editor, call) =>
        {
            var results = MaxPool(editor, call, editor.Unsqueeze(call.Tensor("self"), call.Tensor("self").Tensor!.Rank - 1));
            return [.. results.Select(result => editor.Squeeze(result, result.Tensor!.Rank - 2))];
        });
        table.Add("aten::max_pool2d", (editor, call) => editor.CallAll("aten::max_pool2d_with_indices", call.Tensor("self"), call.Argument("kernel_size"), call.Find("stride"), call.Argument("padding"),
            call.Argument("dilation"), call.Argument("ceil_mode"))[0]);
        table.Add("aten::max_pool3d", (editor, call) => Volume(editor, call, (picture, kernel, stride, padding, dilation) =>
            editor.CallAll("aten::max_pool2d_with_indices", picture, kernel, stride, padding, dilation, call.Bool("ceil_mode"))[0]));
        table.Add("aten::avg_pool3d", (editor, call) => call.Bool("ceil_mode") || call.Has("divisor_override") ? throw call.Refuse("volumes with open windows or a divisor of their own are not lowered")
            : Volume(editor, call, (picture, kernel, stride, padding, _) => editor.Call("aten::avg_pool2d", picture, kernel, stride, padding, false, call.Bool("count_include_pad"))));
        table.Add("aten::adaptive_avg_pool1d", (editor, call) => AsPicture(editor, call, picture =>
            editor.Call("aten::adaptive_avg_pool2d", picture, new[] { 1, call.Ints("output_size")[0] })));
        table.Add(["aten::adaptive_avg_pool2d", "aten::_adaptive_avg_pool2d"], AdaptiveAverage);
        table.AddMany("aten::adaptive_max_pool1d", (editor, call) =>
        {
            var picture = editor.Unsqueeze(call.Tensor("self"), call.Tensor("self").Tensor!.Rank - 1);
            var results = editor.CallAll("aten::adaptive_max_pool2d", picture, new[] { 1, call.Ints("output_size")[0] });
            return [.. results.Select(result => editor.Squeeze(result, result.Tensor!.Rank - 2))];
        });
        table.AddMany("aten::adaptive_max_pool2d", (editor, call) => Windows(call) is { } window
            ? editor.CallAll("aten::max_pool2d_with_indices", call.Tensor("self"), window, window) : null);
    }

    // Windows of a volume are windows of its planes, then of its depth.
    private static GraphValue Volume(GraphEditor editor, OperatorCall call, Func<GraphValue, long[], long[], long[], long[], GraphValue> pool)
    {
        var self = call.Tensor("self");
        var isSingle = self.Tensor!.Rank == 4;
        self = isSingle ? editor.Unsqueeze(self, 0) : self;
        var sizes = self.Tensor!.Sizes;
        var kernel = Sizes.Spread(call.Ints("kernel_size"), 3);
        var stride = call.OptionalInts("stride") is { Length: > 0 } given ? Sizes.Spread(given, 3) : kernel;
        var padding = Sizes.Spread(call.Ints("padding"), 3);
        var dilation = call.Schema?.Find("dilation") is null ? [1, 1, 1] : Sizes.Spread(call.Ints("dilation"), 3);
        var planes = pool(editor.Reshape(self, sizes[0], sizes[1] * sizes[2], sizes[3], sizes[4]), kernel[1..], stride[1..], padding[1..], dilation[1..]);
        var (height, width) = (planes.Tensor!.Sizes[2], planes.Tensor.Sizes[3]);
        var depth = pool(editor.Reshape(planes, sizes[0], sizes[1], sizes[2], height * width), [kernel[0], 1], [stride[0], 1], [padding[0], 0], [dilation[0], 1]);
        var result = editor.Reshape(depth, sizes[0], sizes[1], depth.Tensor!.Sizes[2], height, width);
        return isSingle ? editor.Squeeze(result, 0) : result;
    }

    private static long[] Row(OperatorCall call, string name, long first) => [first, call.Ints(name)[0]];

    private static GraphValue AsPicture(GraphEditor editor, OperatorCall call, Func<GraphValue, GraphValue> pool)
    {
        var dim = call.Tensor("self").Tensor!.Rank - 1;
        return editor.Squeeze(pool(editor.Unsqueeze(call.Tensor("self"), dim)), dim);
    }

    private static IReadOnlyList<GraphValue> MaxPool(GraphEditor editor, OperatorCall call, GraphValue picture) => editor.CallAll("aten::max_pool2d_with_indices", picture,
        Row(call, "kernel_size", 1), call.OptionalInts("stride") is { Length: > 0 } stride ? new[] { 1, stride[0] } : Row(call, "kernel_size", 1), Row(call, "padding", 0), Row(call, "dilation", 1), call.Bool("ceil_mode"));

    private static GraphValue? AdaptiveAverage(GraphEditor editor, OperatorCall call)
    {
        var self = call.Tensor("self");
        var rank = self.Tensor!.Rank;
        if (call.List("output_size") is [GraphArgument.Int { Value: 1 }, GraphArgument.Int { Value: 1 }])
        {
            return editor.Mean(self, [rank - 2, rank - 1], keeps: true);
        }

        if (Windows(call) is { } window)
        {
            return window is [1, 1] ? self : editor.Call("aten::avg_pool2d", self, window, window);
        }

        return call.Node.Operator == "aten::_adaptive_avg_pool2d" ? null : editor.Call("aten::_adaptive_avg_pool2d", self, call.Argument("output_size"));
    }

    // The windows where the output's sizes divide the input's.
    private static long[]? Windows(OperatorCall call)
    {
        var spec = call.Tensor("self").Tensor!;
        var windows = new long[2];
        var requested = call.List("output_size");
        for (var i = 0; i < 2; i++)
        {
            var size = spec.Sizes[spec.Rank - 2 + i];
            var wanted = requested[i] is GraphArgument.None ? size : call.Size(requested[i]);
            if (!size.IsConstant || !wanted.IsConstant || wanted.Value <= 0 || size.Value % wanted.Value != 0)
            {
                return null;
            }

            windows[i] = size.Value / wanted.Value;
        }

        return windows;
    }
}
