using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Recurrent layers and cells.</summary>
internal static class RecurrentRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(Layers, "lstm.input gru.input rnn_tanh.input rnn_relu.input");
        add(Cell, "gru_cell rnn_tanh_cell rnn_relu_cell lstm_cell");
    }

    private static ImmutableArray<InferredValue> Layers(OperatorArguments call)
    {
        var input = call.FloatTensor("input");
        ShapeRules.CheckRank(call, "input", input, 2, 3);
        var states = call.Find("hx") is GraphArgument.List ? call.Tensors("hx") : [call.Tensor("hx")];
        var directions = call.Bool("bidirectional") ? 2 : 1;
        foreach (var state in states)
        {
            ShapeRules.CheckRank(call, "hx", state, input.Rank);
            ShapeRules.CheckSame(call, "the number of states", call.Int("num_layers") * directions, state.Sizes[0]);
        }

        var output = Layouts.Contiguous(input.ScalarType, [.. input.Sizes[..^1], states[0].Sizes[^1] * directions]);
        if (input.Rank == 3 && call.Bool("batch_first"))
        {
            // Computed with the sequence outermost, and shown with the batch outermost.
            output = Layouts.Dense(input.ScalarType, output.Sizes, [1, 0, 2]);
        }

        return [output, .. states.Select(state => new InferredValue(Layouts.Contiguous(state.ScalarType, state.Sizes)))];
    }

    private static ImmutableArray<InferredValue> Cell(OperatorArguments call)
    {
        var input = call.FloatTensor("input");
        var states = call.Find("hx") is GraphArgument.List ? call.Tensors("hx") : [call.Tensor("hx")];
        var gates = call.Operator.Contains("lstm") ? 4 : call.Operator.Contains("gru") ? 3 : 1;
        ShapeRules.CheckSizes(call, "w_ih", call.Tensor("w_ih"), states[0].Sizes[^1] * gates, input.Sizes[^1]);
        ShapeRules.CheckSizes(call, "w_hh", call.Tensor("w_hh"), states[0].Sizes[^1] * gates, states[0].Sizes[^1]);
        return [.. states.Select(state => new InferredValue(Layouts.Contiguous(state.ScalarType, state.Sizes)))];
    }
}
