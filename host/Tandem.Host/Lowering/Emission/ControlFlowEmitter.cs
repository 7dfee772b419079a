using System.Collections.Immutable;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Flattens control flow into jumps of the method's one chain.</summary>
internal sealed class ControlFlowEmitter(MethodEmitter emitter)
{
    private MethodCode Code => emitter.Code;

    /// <summary>Emits a node of control flow.</summary>
    /// <returns>False if the node is another operator.</returns>
    internal bool TryEmit(GraphNode node)
    {
        Action<GraphNode>? emit = node.Operator switch
        {
            "higher_order::cond" => EmitCond,
            "higher_order::map_impl" or "higher_order::map" => EmitMap,
            "higher_order::scan" => EmitScan,
            "higher_order::while_loop" => EmitWhileLoop,
            _ => null,
        };
        emit?.Invoke(node);
        return emit is not null;
    }

    private void EmitCond(GraphNode node)
    {
        var (graphs, lists, others) = Take(node, 2);
        if (others is not [var predicate])
        {
            throw EmissionError.Node(node, "control flow is not whole", "a predicate, two graphs and their operands");
        }

        var operands = lists.SelectMany(items => items).Select(item => emitter.ValueOf(node, item)).ToList();
        var results = node.Outputs.Select(emitter.Result).ToList();
        var toElse = Code.JumpFalse(emitter.ValueOf(node, predicate));
        EmitBranch(node, graphs[0], operands, results);
        var toEnd = Code.JumpFalse(Code.Literal(new ValueModel.Bool(false)));
        Code.Land(toElse);
        EmitBranch(node, graphs[1], operands, results);
        Code.Land(toEnd);
    }

    // Branches write straight into the results where a node of theirs computes them.
    private void EmitBranch(GraphNode node, ExportedGraph graph, IReadOnlyList<int> operands, IReadOnlyList<int> results)
    {
        CheckCounts(node, graph, operands.Count, results.Count);
        var computed = graph.Nodes.SelectMany(item => item.Outputs).ToDictionary(item => item.Name, StringComparer.Ordinal);
        for (var i = 0; i < results.Count; i++)
        {
            if (graph.Outputs[i] is GraphArgument.Reference { Name: var name } && computed.Remove(name, out var value) && Fits(value, results[i]))
            {
                emitter.Bind(name, results[i]);
            }
        }

        var values = EmitGraph(node, graph, operands);
        for (var i = 0; i < results.Count; i++)
        {
            emitter.EmitCopy(values[i], results[i]);
        }
    }

    private bool Fits(GraphValue value, int result) => value.Tensor is { } spec ? Code.Values[result] is { Layout: { } layout } target
        && layout.Equals(spec.ToUpperBound()) && target.IsDynamic == !spec.IsStatic : Code.Values[result].Storage is null;

    private void EmitMap(GraphNode node)
    {
        var (graphs, lists, _) = Take(node, 1);
        if (lists is not [{ Length: > 0 } mapped, ..])
        {
            throw EmissionError.Node(node, "control flow is not whole", "a graph and what it is mapped over");
        }

        var xs = mapped.Select(item => emitter.ValueOf(node, item)).ToList();
        var rest = lists.Skip(1).SelectMany(items => items).Select(item => emitter.ValueOf(node, item)).ToList();
        var results = node.Outputs.Select(StackedResult).ToList();
        EmitCountedLoop(node, graphs[0], [], xs, rest, results);
    }

    private void EmitScan(GraphNode node)
    {
        var (graphs, lists, others) = Take(node, 1);
        if (lists is not [var initial, { Length: > 0 } scanned, ..] || others.Any(item => item is GraphArgument.Bool { Value: true } or GraphArgument.Int { Value: not 0 }))
        {
            throw EmissionError.Node(node, "control flow is not whole", "a graph, first values and what is scanned forward along dimension 0");
        }

        var xs = scanned.Select(item => emitter.ValueOf(node, item)).ToList();
        var rest = lists.Skip(2).SelectMany(items => items).Select(item => emitter.ValueOf(node, item)).ToList();
        var carries = EmitCarries(node, node.Outputs[..initial.Length], initial);
        EmitCountedLoop(node, graphs[0], carries, xs, rest, [.. node.Outputs.Skip(initial.Length).Select(StackedResult)]);
    }

    // Stacked results grow by a row with each turn, so they are dynamic whatever the graph says.
    private int StackedResult(GraphValue value)
    {
        var index = emitter.Result(value);
        Code.Values[index] = Code.Values[index] with { IsDynamic = true };
        return index;
    }

    private List<int> EmitCarries(GraphNode node, IEnumerable<GraphValue> values, ImmutableArray<GraphArgument> initial)
    {
        var carries = values.Select(emitter.Result).ToList();
        for (var i = 0; i < carries.Count; i++)
        {
            emitter.EmitCopy(emitter.ValueOf(node, initial[i]), carries[i]);
        }

        return carries;
    }

    private void EmitCountedLoop(GraphNode node, ExportedGraph body, List<int> carries, List<int> xs, List<int> rest, IReadOnlyList<int> stacked)
    {
        CheckCounts(node, body, carries.Count + xs.Count + rest.Count, carries.Count + stacked.Count);
        var (zero, one) = (Code.Int(0), Code.Int(1));
        var (index, count) = (Code.Add(new EmittedValue(new ValueModel.Int(0))), Code.Add(new EmittedValue(new ValueModel.Int(0))));
        var isDone = Code.Add(new EmittedValue(new ValueModel.Bool(false)));
        Code.Call("aten::sym_size.int", [xs[0], zero, count]);
        var first = Code.Instructions.Count;
        var slices = new List<int>();
        for (var i = 0; i < xs.Count; i++)
        {
            var slice = Code.Tensor(body.Inputs[carries.Count + i].Tensor ?? throw EmissionError.Node(node, "only tensors are mapped and scanned"));
            Code.Call("aten::select_copy.int_out", [xs[i], zero, index, slice, slice], slice);
            slices.Add(slice);
        }

        var values = EmitGraph(node, body, [.. carries, .. slices, .. rest]);
        EmitNextCarries(values, carries);
        for (var i = 0; i < stacked.Count; i++)
        {
            Code.Call("executorch_prim::et_copy_index.tensor", [stacked[i], values[carries.Count + i], index]);
        }

        Code.Call("executorch_prim::add.Scalar", [index, one, index]);
        Code.Call("executorch_prim::eq.Scalar", [index, count, isDone]);
        Code.Loops.Add(new EmittedLoop(first, Code.JumpFalse(isDone, first), [.. carries, .. stacked]));
        // A runtime that keeps values between calls starts from zero again.
        Code.Call("executorch_prim::sub.Scalar", [index, count, index]);
    }

    private void EmitWhileLoop(GraphNode node)
    {
        var (graphs, lists, _) = Take(node, 2);
        if (lists is not [var initial, ..] || initial.Length != node.Outputs.Length)
        {
            throw EmissionError.Node(node, "control flow is not whole", "a condition, a body and one result for each carried value");
        }

        var rest = lists.Skip(1).SelectMany(items => items).Select(item => emitter.ValueOf(node, item)).ToList();
        var carries = EmitCarries(node, node.Outputs, initial);
        var first = Code.Instructions.Count;
        CheckCounts(node, graphs[0], carries.Count + rest.Count, 1);
        var exit = Code.JumpFalse(EmitGraph(node, graphs[0], [.. carries, .. rest])[0]);
        CheckCounts(node, graphs[1], carries.Count + rest.Count, carries.Count);
        EmitNextCarries(EmitGraph(node, graphs[1], [.. carries, .. rest]), carries);
        Code.Loops.Add(new EmittedLoop(first, Code.JumpFalse(Code.Literal(new ValueModel.Bool(false)), first), [.. carries]));
        Code.Land(exit);
    }

    // A next value that lies in another carry is taken aside before that carry is written.
    private void EmitNextCarries(List<int> values, List<int> carries)
    {
        for (var i = 0; i < carries.Count; i++)
        {
            if (values[i] == carries[i])
            {
                continue;
            }

            if (Code.Values[values[i]].Storage is { } storage)
            {
                values[i] = carries.Any(carry => ReferenceEquals(Code.Values[carry].Storage?.Root, storage.Root)) ? emitter.EmitClone(values[i], StorageKind.Intermediate) : values[i];
            }
            else if (carries.Contains(values[i]))
            {
                var aside = Code.Add(Code.Values[values[i]]);
                Code.Move(values[i], aside);
                values[i] = aside;
            }
        }

        for (var i = 0; i < carries.Count; i++)
        {
            emitter.EmitCopy(values[i], carries[i]);
        }
    }

    private List<int> EmitGraph(GraphNode node, ExportedGraph graph, IReadOnlyList<int> operands)
    {
        for (var i = 0; i < operands.Count; i++)
        {
            emitter.Define(graph.Inputs[i], operands[i]);
        }

        emitter.EmitNodes(graph);
        return [.. graph.Outputs.Select(output => emitter.ValueOf(node, output))];
    }

    private static (List<ExportedGraph> Graphs, List<ImmutableArray<GraphArgument>> Lists, List<GraphArgument> Others) Take(GraphNode node, int graphCount)
    {
        var arguments = node.Arguments.Select(argument => argument.Value).ToList();
        var graphs = arguments.OfType<GraphArgument.Subgraph>().Select(graph => graph.Value).ToList();
        return graphs.Count == graphCount
            ? (graphs, [.. arguments.OfType<GraphArgument.List>().Select(list => list.Items)], [.. arguments.Where(item => item is not GraphArgument.Subgraph and not GraphArgument.List)])
            : throw EmissionError.Node(node, "control flow is not whole", $"{graphCount} graphs", $"{graphs.Count}");
    }

    private static void CheckCounts(GraphNode node, ExportedGraph graph, int inputs, int outputs)
    {
        if (graph.Inputs.Length != inputs || graph.Outputs.Length != outputs)
        {
            throw EmissionError.Node(node, "a nested graph does not fit its node", $"{inputs} inputs, {outputs} outputs", $"{graph.Inputs.Length} and {graph.Outputs.Length}");
        }
    }
}
