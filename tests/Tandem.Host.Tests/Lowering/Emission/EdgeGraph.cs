using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tandem.Host.Formats;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Emission;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Lowering.Emission;

/// <summary>A small graph in edge dialect, made by hand.</summary>
internal sealed class EdgeGraph(string method = "forward")
{
    private readonly List<GraphValue> _inputs = [];
    private readonly List<GraphInputSpec> _inputSpecs = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly List<GraphArgument> _outputs = [];
    private readonly List<GraphOutputSpec> _outputSpecs = [];
    private readonly List<LoweredDelegate> _delegates = [];

    internal static TensorSpec Float(params ReadOnlySpan<SymbolicInt> sizes) => TensorSpec.Contiguous(ScalarType.Float, sizes);

    internal static TensorSpec Long(params ReadOnlySpan<SymbolicInt> sizes) => TensorSpec.Contiguous(ScalarType.Long, sizes);

    internal static GraphArgument Ref(string name) => new GraphArgument.Reference(name);

    internal static GraphArgument Int(long value) => new GraphArgument.Int(value);

    internal static GraphArgument Ints(params ReadOnlySpan<long> values) => new GraphArgument.List([.. values.ToArray().Select(Int)]);

    internal static GraphArgument Refs(params ReadOnlySpan<string> names) => new GraphArgument.List([.. names.ToArray().Select(Ref)]);

    internal static ExportedTensor Floats(float[] values, params ReadOnlySpan<SymbolicInt> sizes) =>
        new(Float(sizes), DataContent.FromMemory(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), "test"));

    internal EdgeGraph Input(string name, TensorSpec spec) => Add(new GraphInputSpec(GraphInputKind.UserInput, name), spec);

    internal EdgeGraph Parameter(string name, ExportedTensor tensor, string? qualifiedName = null) =>
        Add(new GraphInputSpec(GraphInputKind.Parameter, name) { QualifiedName = qualifiedName ?? name, Tensor = tensor }, tensor.Spec);

    internal EdgeGraph Buffer(string name, TensorSpec spec, ExportedTensor? first = null, string? qualifiedName = null) =>
        Add(new GraphInputSpec(GraphInputKind.Buffer, name) { QualifiedName = qualifiedName ?? name, Tensor = first }, spec);

    internal EdgeGraph Node(string fullName, string result, TensorSpec? spec, params ReadOnlySpan<(string Name, GraphArgument Value)> arguments) =>
        Node(fullName, [(result, spec)], arguments);

    internal EdgeGraph Node(string fullName, (string Name, TensorSpec? Spec)[] results, params ReadOnlySpan<(string Name, GraphArgument Value)> arguments)
    {
        var dot = fullName.IndexOf('.');
        _nodes.Add(new GraphNode(results[0].Name, dot < 0 ? fullName : fullName[..dot], dot < 0 ? "" : fullName[(dot + 1)..],
            [.. arguments.ToArray().Select(item => new GraphNamedArgument(item.Name, item.Value))], [.. results.Select(item => new GraphValue(item.Name, item.Spec))])
        {
            DebugHandle = _nodes.Count,
        });
        return this;
    }

    internal EdgeGraph Add(string left, string right, string result, TensorSpec spec) =>
        Node("aten::add.Tensor", result, spec, ("self", Ref(left)), ("other", Ref(right)));

    internal EdgeGraph Relu(string operand, string result, TensorSpec spec) => Node("aten::relu", result, spec, ("self", Ref(operand)));

    internal EdgeGraph Delegate(LoweredDelegate item, string[] inputs, params (string Name, TensorSpec? Spec)[] results)
    {
        _delegates.Add(item);
        return Node(LoweredMethod.DelegateCall, results, ("delegate", Int(_delegates.Count - 1)), ("args", Refs(inputs)));
    }

    internal EdgeGraph Output(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _outputs.Add(Ref(name));
            _outputSpecs.Add(new GraphOutputSpec(GraphOutputKind.UserOutput));
        }

        return this;
    }

    internal EdgeGraph Mutation(string buffer, string value)
    {
        _outputs.Add(Ref(value));
        _outputSpecs.Add(new GraphOutputSpec(GraphOutputKind.BufferMutation, buffer));
        return this;
    }

    internal ExportedGraph Graph() => new([.. _inputs], [.. _nodes], [.. _outputs]);

    internal GraphArgument Nested() => new GraphArgument.Subgraph(Graph());

    internal LoweredMethod Method() =>
        new(new ExportedMethod(method, Graph(), new GraphSignature([.. _inputSpecs], [.. _outputSpecs])), [.. _delegates]);

    internal static ProgramImage Emit(params EdgeGraph[] graphs) => Emit(EmissionOptions.Default, new NamedDataStore(), graphs);

    internal static ProgramImage Emit(EmissionOptions options, NamedDataStore store, params EdgeGraph[] graphs) =>
        ProgramEmitter.Emit(new LoweredProgram([.. graphs.Select(graph => graph.Method())], store), options);

    internal static byte[] Bytes(ProgramImage image)
    {
        using var stream = new MemoryStream();
        ProgramWriter.Write(image, stream);
        return stream.ToArray();
    }

    private EdgeGraph Add(GraphInputSpec input, TensorSpec spec)
    {
        _inputSpecs.Add(input);
        _inputs.Add(new GraphValue(input.ValueName, spec));
        return this;
    }
}
