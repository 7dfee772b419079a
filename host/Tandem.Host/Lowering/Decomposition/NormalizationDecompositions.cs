using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Normalisations as the native ones of ATen, or written out.</summary>
internal static class NormalizationDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::layer_norm", (editor, call) => editor.CallAll("aten::native_layer_norm", editor.Contiguous(call.Tensor("input")), call.Argument("normalized_shape"),
            call.OptionalTensor("weight"), call.OptionalTensor("bias"), call.Argument("eps"))[0]);
        table.Add("aten::group_norm", (editor, call) => GroupNorm(editor, call, call.Tensor("input"), call.Int("num_groups")));
        table.Add("aten::instance_norm", InstanceNorm);
        table.Add("aten::batch_norm", BatchNorm);
        table.AddMany("aten::native_batch_norm", (editor, call) => Statistics(editor, call) ? null : [BatchNorm(editor, call), Empty(editor, call), Empty(editor, call)]);
        table.AddMany("aten::_batch_norm_no_update", (editor, call) => [BatchNorm(editor, call), Empty(editor, call), Empty(editor, call), editor.Full([0], 0, ScalarType.Byte)]);
        table.Add("aten::rms_norm", RmsNorm);
        table.Add("aten::_weight_norm", (editor, call) =>
        {
            var (direction, gain) = (call.Tensor("v"), call.Tensor("g"));
            var dim = call.Dim("dim", direction.Tensor!.Rank);
            int[] others = [.. Enumerable.Range(0, direction.Tensor.Rank).Where(i => i != dim)];
            return editor.Mul(direction, editor.Div(gain, editor.Unary("sqrt", editor.Sum(editor.Square(direction), others, keeps: true))));
        });
    }

    private static bool Statistics(GraphEditor editor, OperatorCall call) => call.Bool("training") ? throw Training(call) : false;

    private static TandemException Training(OperatorCall call) => call.Refuse("it updates its statistics in training; export the model in evaluation mode");

    private static GraphValue Empty(GraphEditor editor, OperatorCall call) => editor.Full([0], 0, call.Tensor("input").Tensor!.ScalarType);

    private static GraphValue GroupNorm(GraphEditor editor, OperatorCall call, GraphValue input, long groups)
    {
        input = editor.Contiguous(input);
        var spec = input.Tensor!;
        Arg area = 1;
        for (var i = 2; i < spec.Rank; i++)
        {
            area = editor.CallSymbolic("mul", area, editor.Size(input, i), Sizes.Product(spec.Sizes.AsSpan(2, i - 1)));
        }

        return editor.CallAll("aten::native_group_norm", input, call.OptionalTensor("weight"), call.OptionalTensor("bias"), editor.Size(input, 0), editor.Size(input, 1), area, groups, call.Argument("eps"))[0];
    }

    // Each channel of each example by itself: groups of one channel.
    private static GraphValue InstanceNorm(GraphEditor editor, OperatorCall call)
    {
        if (!call.Bool("use_input_stats"))
        {
            return BatchNorm(editor, call);
        }

        var channels = call.Tensor("input").Tensor!.Sizes[1];
        return channels.IsConstant ? GroupNorm(editor, call, call.Tensor("input"), channels.Value) : throw call.Refuse("the number of channels is not known ahead of time");
    }

    private static GraphValue BatchNorm(GraphEditor editor, OperatorCall call)
    {
        var isTraining = call.Schema?.Find("training") is not null && call.Bool("training");
        var (mean, variance) = (call.OptionalTensor("running_mean"), call.OptionalTensor("running_var"));
        return isTraining && mean is not null ? throw Training(call)
            : mean is null || variance is null ? editor.CallAll("aten::_native_batch_norm_legit.no_stats", call.Tensor("input"), call.OptionalTensor("weight"), call.OptionalTensor("bias"), true, call.Argument("momentum"), call.Argument("eps"))[0]
            : editor.CallAll("aten::_native_batch_norm_legit_no_training", call.Tensor("input"), call.OptionalTensor("weight"), call.OptionalTensor("bias"), mean, variance, call.Argument("momentum"), call.Argument("eps"))[0];
    }

    // Half floats are squared and averaged in float32.
    private static GraphValue RmsNorm(GraphEditor editor, OperatorCall call)
    {
        var input = call.Tensor("input");
        var (spec, type) = (input.Tensor!, input.Tensor!.ScalarType);
        var wide = type == ScalarType.Double ? type : ScalarType.Float;
        var count = call.List("normalized_shape").Length;
        int[] dims = [.. Enumerable.Range(spec.Rank - count, count)];
        var value = editor.Cast(input, wide);
        var eps = call.OptionalDouble("eps") ?? type switch { ScalarType.Half => 0.0009765625, ScalarType.BFloat16 => 0.0078125, ScalarType.Double => double.BitIncrement(1) - 1, _ => 1.1920928955078125e-07 };
        var normalized = editor.Mul(value, editor.Unary("rsqrt", editor.Add(editor.Mean(editor.Square(value), dims, keeps: true), eps)));
        return editor.Cast(call.OptionalTensor("weight") is { } weight ? editor.Mul(normalized, editor.Cast(weight, wide)) : normalized, type);
    }
}
