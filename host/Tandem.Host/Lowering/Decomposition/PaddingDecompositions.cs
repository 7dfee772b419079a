using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Padding by mode as one operator a mode; negative padding as a slice.</summary>
internal static class PaddingDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.Add("aten::pad", Pad);
        table.Add("aten::constant_pad_nd", Constant);
        table.Add("aten::_pad_circular", (editor, call) => Circular(editor, call.Tensor("self"), call.Ints("pad")));
    }

    private static GraphValue Pad(GraphEditor editor, OperatorCall call)
    {
        var (self, mode) = (call.Tensor("self"), call.Text("mode"));
        return mode switch
        {
            "constant" => editor.Call("aten::constant_pad_nd", self, call.Argument("pad"), call.Find("value") is { } value ? value : (Arg)0),
            "reflect" => editor.Call($"aten::reflection_pad{call.List("pad").Length / 2}d", self, call.Argument("pad")),
            "replicate" => editor.Call($"aten::replication_pad{call.List("pad").Length / 2}d", self, call.Argument("pad")),
            "circular" => Circular(editor, self, call.Ints("pad")),
            _ => throw call.Refuse($"the mode '{mode}' is unknown"),
        };
    }

    private static GraphValue? Constant(GraphEditor editor, OperatorCall call)
    {
        var (self, pad) = (call.Tensor("self"), call.List("pad"));
        if (pad.All(item => item is GraphArgument.Int { Value: 0 }))
        {
            return self;
        }

        if (!pad.Any(item => item is GraphArgument.Int { Value: < 0 }))
        {
            return null;
        }

        for (var i = 0; i < pad.Length / 2; i++)
        {
            var dim = self.Tensor!.Rank - 1 - i;
            var (start, end) = (pad[2 * i] is GraphArgument.Int { Value: < 0 } first ? -first.Value : 0, pad[(2 * i) + 1] is GraphArgument.Int { Value: < 0 } last ? last.Value : 0);
            if (start != 0 || end != 0)
            {
                self = editor.Slice(self, dim, start, end == 0 ? long.MaxValue : end);
            }
        }

        return editor.Call("aten::constant_pad_nd", self, pad.Select(item => item is GraphArgument.Int { Value: < 0 } ? new GraphArgument.Int(0) : item).ToArray(), call.Find("value") is { } value ? value : (Arg)0);
    }

    private static GraphValue Circular(GraphEditor editor, GraphValue self, long[] pad)
    {
        for (var i = 0; i < pad.Length / 2; i++)
        {
            var dim = self.Tensor!.Rank - 1 - i;
            var parts = new List<GraphValue>();
            if (pad[2 * i] > 0)
            {
                parts.Add(editor.Slice(self, dim, -pad[2 * i], long.MaxValue));
            }

            parts.Add(self);
            if (pad[(2 * i) + 1] > 0)
            {
                parts.Add(editor.Slice(self, dim, 0, pad[(2 * i) + 1]));
            }

            self = editor.Cat([.. parts], dim);
        }

        return self;
    }
}
