using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Builds a method in edge dialect.</summary>
internal sealed class EdgeMethod
{
    private readonly List<(GraphInputSpec Spec, GraphValue Value)> _inputs = [];
    private readonly List<GraphNode> _nodes = [];

    /// <summary>A value's name, as an argument.</summary>
    internal readonly record struct Name(string Text)
    {
        public override string ToString() => Text;
    }

    public Name Input(string name, params SymbolicInt[] sizes) => Input(name, ScalarType.Float, sizes);

    public Name Input(string name, ScalarType type, params SymbolicInt[] sizes)
    {
        _inputs.Add((new GraphInputSpec(GraphInputKind.UserInput, name), new GraphValue(name, TensorSpec.Contiguous(type, sizes))));
        return new Name(name);
    }

    public Name Parameter(string name, float[] values, params int[] sizes) =>
        Stored(name, GraphInputKind.Parameter, TensorSpec.Contiguous(ScalarType.Float, [.. sizes.Select(size => (SymbolicInt)(long)size)]), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public Name Parameter(string name, Half[] values, params int[] sizes) =>
        Stored(name, GraphInputKind.Parameter, TensorSpec.Contiguous(ScalarType.Half, [.. sizes.Select(size => (SymbolicInt)(long)size)]), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public Name Stored(string name, GraphInputKind kind, TensorSpec spec, byte[] bytes)
    {
        var input = new GraphInputSpec(kind, name) { QualifiedName = name, Tensor = new ExportedTensor(spec, DataContent.FromMemory(bytes, name)) };
        _inputs.Add((input, new GraphValue(name, spec)));
        return new Name(name);
    }

    /// <summary>Adds a node with one result.</summary>
    /// <param name="name">Name of the node and its result.</param>
    /// <param name="fullName">"aten::add.Tensor".</param>
    /// <param name="sizes">Sizes of the result.</param>
    /// <param name="arguments">Names and values of arguments.</param>
    public Name Node(string name, string fullName, SymbolicInt[] sizes, params (string Name, object Value)[] arguments) =>
        Node(name, fullName, ScalarType.Float, sizes, arguments);

    public Name Node(string name, string fullName, ScalarType type, SymbolicInt[] sizes, params (string Name, object Value)[] arguments)
    {
        Nodes(name, fullName, [(name, TensorSpec.Contiguous(type, sizes))], arguments);
        return new Name(name);
    }

    /// <summary>Adds a node with several results.</summary>
    public void Nodes(string name, string fullName, (string Name, TensorSpec Spec)[] outputs, params (string Name, object Value)[] arguments)
    {
        var dot = fullName.IndexOf('.', StringComparison.Ordinal);
        _nodes.Add(new GraphNode(
            name, dot < 0 ? fullName : fullName[..dot], dot < 0 ? "" : fullName[(dot + 1)..],
            [.. arguments.Select(argument => new GraphNamedArgument(argument.Name, Argument(argument.Value)))],
            [.. outputs.Select(output => new GraphValue(output.Name, output.Spec))])
        {
            DebugHandle = _nodes.Count + 1,
        });
    }

    /// <summary>Finishes the method; parameters come first among its inputs.</summary>
    public ExportedMethod Build(params Name[] outputs)
    {
        var inputs = _inputs.OrderBy(input => input.Spec.Kind == GraphInputKind.UserInput).ToArray();
        return new ExportedMethod(
            "forward",
            new ExportedGraph([.. inputs.Select(input => input.Value)], [.. _nodes], [.. outputs.Select(output => Argument(output))]),
            new GraphSignature([.. inputs.Select(input => input.Spec)], [.. outputs.Select(_ => new GraphOutputSpec(GraphOutputKind.UserOutput))]));
    }

    private static GraphArgument Argument(object value) => value switch
    {
        Name name => new GraphArgument.Reference(name.Text),
        int number => new GraphArgument.Int(number),
        double number => new GraphArgument.Float(number),
        bool truth => new GraphArgument.Bool(truth),
        string text => new GraphArgument.Text(text),
        int[] numbers => new GraphArgument.List([.. numbers.Select(number => (GraphArgument)new GraphArgument.Int(number))]),
        double[] numbers => new GraphArgument.List([.. numbers.Select(number => (GraphArgument)new GraphArgument.Float(number))]),
        Name[] names => new GraphArgument.List([.. names.Select(name => (GraphArgument)new GraphArgument.Reference(name.Text))]),
        GraphArgument argument => argument,
        _ => throw new ArgumentException($"no argument of type {value.GetType()}"),
    };
}
