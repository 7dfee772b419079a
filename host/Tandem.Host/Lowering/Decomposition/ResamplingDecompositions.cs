using System.Runtime.InteropServices;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Resampling: one dimension as two; cubic interpolation as four weighted picks along each direction.</summary>
internal static class ResamplingDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::upsample_nearest1d.vec", (editor, call) => Line(editor, call, picture => editor.Call("aten::upsample_nearest2d.vec", picture, OutputSize(call), Scales(call))));
        table.Add("aten::upsample_linear1d.vec", (editor, call) => Line(editor, call, picture => editor.Call("aten::upsample_bilinear2d.vec", picture, OutputSize(call), call.Bool("align_corners"), Scales(call))));
        table.Add("aten::upsample_nearest2d", (editor, call) => editor.Call("aten::upsample_nearest2d.vec", call.Tensor("self"), call.Argument("output_size"), Arg.None));
        table.Add("aten::upsample_bilinear2d", (editor, call) => editor.Call("aten::upsample_bilinear2d.vec", call.Tensor("self"), call.Argument("output_size"), call.Bool("align_corners"), Arg.None));
        table.Add("aten::upsample_bicubic2d.vec", Bicubic);
        table.Add("aten::grid_sampler", (editor, call) => call.Tensor("input").Tensor!.Rank == 4
            ? editor.Call("aten::grid_sampler_2d", call.Tensor("input"), call.Tensor("grid"), call.Int("interpolation_mode"), call.Int("padding_mode"), call.Bool("align_corners"))
            : throw call.Refuse("only pictures are sampled, not volumes"));
        table.Add("aten::native_channel_shuffle", (editor, call) => editor.Call("aten::channel_shuffle", call.Tensor("self"), call.Argument("groups")));
    }

    private static Arg OutputSize(OperatorCall call) => call.OptionalList("output_size") is { } size ? (GraphArgument[])[new GraphArgument.Int(1), size[0]] : Arg.None;

    private static Arg Scales(OperatorCall call) => !call.Has("output_size") && call.OptionalDoubles("scale_factors") is { } scale
        ? (GraphArgument[])[new GraphArgument.Float(1), new GraphArgument.Float(scale[0])] : Arg.None;

    private static GraphValue Line(GraphEditor editor, OperatorCall call, Func<GraphValue, GraphValue> resample) => editor.Squeeze(resample(editor.Unsqueeze(call.Tensor("input"), 2)), 2);

    private static GraphValue Bicubic(GraphEditor editor, OperatorCall call)
    {
        var input = call.Tensor("input");
        var scales = call.OptionalDoubles("scale_factors");
        var sizes = call.OptionalInts("output_size");
        if (editor.IsNested)
        {
            throw call.Refuse("it stands in a branch or loop, which holds no constants");
        }

        for (var i = 0; i < 2; i++)
        {
            var size = Sizes.Known(call, input.Tensor!.Sizes[2 + i]);
            var wanted = sizes is null ? (long)Math.Floor(size * scales![i]) : sizes[i];
            input = Cubic(editor, input, 2 + i, size, wanted, sizes is null ? scales![i] : 0, call.Bool("align_corners"));
        }

        return input;
    }

    // Keys' cubic with a = -0.75, places beyond the border clamped, as PyTorch computes it.
    private static GraphValue Cubic(GraphEditor editor, GraphValue input, int dim, long size, long wanted, double factor, bool alignsCorners)
    {
        var step = alignsCorners ? (wanted > 1 ? (double)(size - 1) / (wanted - 1) : 0) : factor > 0 ? 1 / factor : (double)size / wanted;
        var (places, weights) = (new long[4][], new float[4][]);
        for (var tap = 0; tap < 4; tap++)
        {
            (places[tap], weights[tap]) = (new long[wanted], new float[wanted]);
        }

        for (var i = 0; i < wanted; i++)
        {
            var place = alignsCorners ? i * step : ((i + 0.5) * step) - 0.5;
            var floor = (long)Math.Floor(place);
            for (var tap = 0; tap < 4; tap++)
            {
                places[tap][i] = Math.Clamp(floor - 1 + tap, 0, size - 1);
                weights[tap][i] = (float)Kernel(Math.Abs(place - (floor - 1 + tap)));
            }
        }

        var rank = input.Tensor!.Rank;
        SymbolicInt[] column = [.. Enumerable.Range(0, rank - dim).Select(i => i == 0 ? (SymbolicInt)wanted : 1)];
        GraphValue? sum = null;
        for (var tap = 0; tap < 4; tap++)
        {
            var index = editor.Constant(TensorSpec.Contiguous(ScalarType.Long, wanted), MemoryMarshal.AsBytes(places[tap].AsSpan()).ToArray(), "resampling");
            var weight = editor.Constant(TensorSpec.Contiguous(ScalarType.Float, column), MemoryMarshal.AsBytes(weights[tap].AsSpan()).ToArray(), "resampling");
            var part = editor.Mul(editor.Call("aten::index_select", input, dim, index), editor.Cast(weight, input.Tensor.ScalarType));
            sum = sum is null ? part : editor.Add(sum, part);
        }

        return sum!;
    }

    private static double Kernel(double distance)
    {
        const double A = -0.75;
        return distance <= 1 ? (((A + 2) * distance) - (A + 3)) * distance * distance + 1
            : distance < 2 ? ((((A * distance) - (5 * A)) * distance) + (8 * A)) * distance - (4 * A) : 0;
    }
}
