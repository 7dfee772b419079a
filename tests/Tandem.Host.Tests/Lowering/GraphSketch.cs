using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Lowering;

/// <summary>Builds small methods: values are float [2, 2], a node's value has the node's name.</summary>
internal sealed class GraphSketch(string name)
{
    private readonly List<GraphInputSpec> _inputs = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly List<(string Value, GraphOutputSpec Spec)> _outputs = [];

    internal static TensorSpec Spec { get; } = TensorSpec.Contiguous(ScalarType.Float, 2, 2);

    internal GraphSketch Input(string value) => Add(new GraphInputSpec(GraphInputKind.UserInput, value));

    internal GraphSketch Parameter(string value, params float[] values) => Add(new GraphInputSpec(GraphInputKind.Parameter, value) { QualifiedName = value, Tensor = Tensor(value, values) });

    internal GraphSketch Constant(string value, params float[] values) => Add(new GraphInputSpec(GraphInputKind.Constant, value) { QualifiedName = value, Tensor = Tensor(value, values) });

    internal GraphSketch Buffer(string value, params float[] values) => Add(new GraphInputSpec(GraphInputKind.Buffer, value) { QualifiedName = $"q.{value}", Tensor = Tensor(value, values) });

    internal GraphSketch Node(string name, string op, params string[] arguments) => Node(Call(name, op, arguments));

    internal GraphSketch Node(GraphNode node)
    {
        _nodes.Add(node);
        return this;
    }

    internal GraphSketch Output(params string[] values)
    {
        _outputs.AddRange(values.Select(value => (value, new GraphOutputSpec(GraphOutputKind.UserOutput))));
        return this;
    }

    internal GraphSketch Mutation(string buffer, string value)
    {
        _outputs.Add((value, new GraphOutputSpec(GraphOutputKind.BufferMutation, $"q.{buffer}")));
        return this;
    }

    internal ExportedMethod Build() => new(name,
        new ExportedGraph([.. _inputs.Select(input => Value(input.ValueName))], [.. _nodes], [.. _outputs.Select(output => (GraphArgument)new GraphArgument.Reference(output.Value))]),
        new GraphSignature([.. _inputs], [.. _outputs.Select(output => output.Spec)]));

    internal static GraphNode Call(string name, string op, params string[] arguments)
    {
        var dot = op.IndexOf('.', StringComparison.Ordinal);
        return new GraphNode(name, dot < 0 ? op : op[..dot], dot < 0 ? "" : op[(dot + 1)..],
            [.. arguments.Select((argument, i) => new GraphNamedArgument(i switch { 0 => "self", 1 => "other", _ => $"a{i}" }, new GraphArgument.Reference(argument)))], [Value(name)]);
    }

    /// <summary>A node of control flow: predicate, true graph, false graph, operands.</summary>
    internal static GraphNode Cond(string name, string predicate, ExportedGraph whenTrue, ExportedGraph whenFalse, params string[] operands) => new(name, "higher_order::cond", "",
    [
        new GraphNamedArgument("pred", new GraphArgument.Reference(predicate)),
        new GraphNamedArgument("true_fn", new GraphArgument.Subgraph(whenTrue)),
        new GraphNamedArgument("false_fn", new GraphArgument.Subgraph(whenFalse)),
        new GraphNamedArgument("operands", new GraphArgument.List([.. operands.Select(operand => (GraphArgument)new GraphArgument.Reference(operand))])),
    ], [Value(name)]);

    internal static ExportedGraph Graph(string[] inputs, GraphNode[] nodes, params string[] outputs) =>
        new([.. inputs.Select(Value)], [.. nodes], [.. outputs.Select(output => (GraphArgument)new GraphArgument.Reference(output))]);

    internal static GraphValue Value(string name) => new(name, Spec);

    internal static ExportedTensor Tensor(string name, params float[] values)
    {
        float[] all = [.. values, .. new float[4 - values.Length]];
        return new ExportedTensor(Spec, DataContent.FromMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(all.AsSpan()).ToArray(), name));
    }

    private GraphSketch Add(GraphInputSpec input)
    {
        _inputs.Add(input);
        return this;
    }
}
