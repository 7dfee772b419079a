using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Recurrent layers, unrolled over their steps: the inputs of all steps meet the weights in one product.</summary>
internal static class RecurrentDecompositions
{
    private const int MaxSteps = 4096;

    /// <summary>One step of a cell.</summary>
    /// <param name="editor">Where it is written.</param>
    /// <param name="input">What the input gives to the gates.</param>
    /// <param name="state">The state before: hidden, and for an LSTM cell.</param>
    /// <param name="layer">The weights.</param>
    /// <returns>The state after.</returns>
    private delegate GraphValue[] Cell(GraphEditor editor, GraphValue input, GraphValue[] state, Layer layer);

    private sealed record Layer(GraphValue InputWeight, GraphValue HiddenWeight, GraphValue? InputBias, GraphValue? HiddenBias, GraphValue? Projection = null);

    internal static void Register(DecompositionTable table)
    {
        table.AddMany("aten::lstm.input", (editor, call) =>
        {
            var state = call.Tensors("hx");
            var (output, states) = Run(editor, call, state, Lstm, state.Length > 0 && !SameSize(state));
            return [output, states[0], states[1]];
        });
        foreach (var (name, cell) in ((string, Cell)[])[("gru", Gru), ("rnn_tanh", Tanh), ("rnn_relu", Relu)])
        {
            table.AddMany($"aten::{name}.input", (editor, call) =>
            {
                var (output, states) = Run(editor, call, [call.Tensor("hx")], cell, false);
                return [output, states[0]];
            });
            table.Add($"aten::{name}_cell", (editor, call) => Single(editor, call, [call.Tensor("hx")], cell)[0]);
        }

        table.AddMany("aten::lstm_cell", (editor, call) => Single(editor, call, call.Tensors("hx"), Lstm));
    }

    private static bool SameSize(GraphValue[] state) => state.Length == 2 && state[0].Tensor!.Sizes[^1].IsSameAs(state[1].Tensor!.Sizes[^1]);

    private static GraphValue[] Single(GraphEditor editor, OperatorCall call, GraphValue[] state, Cell cell)
    {
        var layer = new Layer(call.Tensor("w_ih"), call.Tensor("w_hh"), call.OptionalTensor("b_ih"), call.OptionalTensor("b_hh"));
        return cell(editor, editor.Call("aten::linear", call.Tensor("input"), layer.InputWeight, layer.InputBias), state, layer);
    }

    private static (GraphValue Output, GraphValue[] States) Run(GraphEditor editor, OperatorCall call, GraphValue[] initial, Cell cell, bool hasProjection)
    {
        if (call.Bool("train") && call.Double("dropout") > 0)
        {
            throw call.Refuse("its dropout is random in training; export the model in evaluation mode");
        }

        var input = call.Tensor("input");
        var isSingle = input.Tensor!.Rank == 2;
        var isBatchFirst = call.Bool("batch_first") && !isSingle;
        var directions = call.Bool("bidirectional") ? 2 : 1;
        input = isSingle ? editor.Unsqueeze(input, 1) : isBatchFirst ? editor.Transpose(input, 0, 1) : input;
        initial = isSingle ? [.. initial.Select(state => editor.Unsqueeze(state, 1))] : initial;
        var steps = Sizes.Known(call, input.Tensor!.Sizes[0]);
        if (steps is < 1 or > MaxSteps)
        {
            throw call.Refuse($"a sequence of {steps} steps is not unrolled");
        }

        var weights = new Queue<GraphValue>(call.Tensors("params"));
        var finals = initial.Select(_ => new List<GraphValue>()).ToArray();
        for (var level = 0; level < call.Int("num_layers"); level++)
        {
            var outputs = new List<GraphValue>();
            for (var direction = 0; direction < directions; direction++)
            {
                var layer = Next(weights, call.Bool("has_biases"), hasProjection);
                var index = (level * directions) + direction;
                var state = initial.Select(values => editor.Select(values, 0, index)).ToArray();
                var hidden = new GraphValue[steps];
                var gates = editor.CallAll("aten::unbind.int", editor.Call("aten::linear", input, layer.InputWeight, layer.InputBias), 0);
                for (var step = 0; step < steps; step++)
                {
                    var at = direction == 0 ? step : (int)steps - 1 - step;
                    state = cell(editor, gates[at], state, layer);
                    hidden[at] = state[0];
                }

                outputs.Add(editor.Call("aten::stack", hidden, 0));
                for (var i = 0; i < state.Length; i++)
                {
                    finals[i].Add(state[i]);
                }
            }

            input = editor.Cat([.. outputs], 2);
        }

        var output = isSingle ? editor.Squeeze(input, 1) : isBatchFirst ? editor.Transpose(input, 0, 1) : input;
        var last = finals.Select(states => editor.Call("aten::stack", states.ToArray(), 0));
        return (output, [.. isSingle ? last.Select(state => editor.Squeeze(state, 1)) : last]);
    }

    private static Layer Next(Queue<GraphValue> weights, bool hasBiases, bool hasProjection) => new(
        weights.Dequeue(), weights.Dequeue(), hasBiases ? weights.Dequeue() : null, hasBiases ? weights.Dequeue() : null, hasProjection ? weights.Dequeue() : null);

    private static IReadOnlyList<GraphValue> Split(GraphEditor editor, GraphValue gates, int count) => editor.CallAll("aten::chunk", gates, count, -1);

    private static GraphValue Hidden(GraphEditor editor, GraphValue state, Layer layer) => editor.Call("aten::linear", state, layer.HiddenWeight, layer.HiddenBias);

    private static GraphValue[] Lstm(GraphEditor editor, GraphValue input, GraphValue[] state, Layer layer)
    {
        var gates = Split(editor, editor.Add(input, Hidden(editor, state[0], layer)), 4);
        var forgotten = editor.Mul(editor.Unary("sigmoid", gates[1]), state[1]);
        var memory = editor.Add(forgotten, editor.Mul(editor.Unary("sigmoid", gates[0]), editor.Unary("tanh", gates[2])));
        var hidden = editor.Mul(editor.Unary("sigmoid", gates[3]), editor.Unary("tanh", memory));
        return [layer.Projection is { } projection ? editor.Call("aten::linear", hidden, projection) : hidden, memory];
    }

    private static GraphValue[] Gru(GraphEditor editor, GraphValue input, GraphValue[] state, Layer layer)
    {
        var (fromInput, fromHidden) = (Split(editor, input, 3), Split(editor, Hidden(editor, state[0], layer), 3));
        var reset = editor.Unary("sigmoid", editor.Add(fromInput[0], fromHidden[0]));
        var update = editor.Unary("sigmoid", editor.Add(fromInput[1], fromHidden[1]));
        var candidate = editor.Unary("tanh", editor.Add(fromInput[2], editor.Mul(reset, fromHidden[2])));
        return [editor.Add(candidate, editor.Mul(update, editor.Sub(state[0], candidate)))];
    }

    private static GraphValue[] Tanh(GraphEditor editor, GraphValue input, GraphValue[] state, Layer layer) => [editor.Unary("tanh", editor.Add(input, Hidden(editor, state[0], layer)))];

    private static GraphValue[] Relu(GraphEditor editor, GraphValue input, GraphValue[] state, Layer layer) => [editor.Unary("relu", editor.Add(input, Hidden(editor, state[0], layer)))];
}
