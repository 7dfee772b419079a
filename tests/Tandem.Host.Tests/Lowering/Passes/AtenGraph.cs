using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Emission;
using Tandem.Host.Lowering.Operators;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Tests.Lowering.Emission;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Lowering.Passes;

/// <summary>Writes a method in the ATen dialect, lowers it with the passes, and runs it on the host.</summary>
internal sealed class AtenGraph
{
    private readonly List<GraphInputSpec> _inputs = [];
    private readonly List<GraphValue> _values = [];
    private readonly List<GraphNode> _nodes = [];
    private readonly List<(int Position, float[] Data, int[] Sizes)> _given = [];
    private readonly Dictionary<string, GraphValue> _known = [];
    private readonly List<GraphArgument> _outputs = [];

    /// <summary>A user input with the values that the run gives it.</summary>
    internal GraphValue Input(int[] sizes, params float[] values)
    {
        var value = Declare(new GraphInputSpec(GraphInputKind.UserInput, $"x{_inputs.Count}"), TensorSpec.Contiguous(ScalarType.Float, [.. sizes.Select(size => (SymbolicInt)size)]));
        _given.Add((_given.Count, values, sizes));
        return value;
    }

    internal GraphValue Input(TensorSpec spec) => Declare(new GraphInputSpec(GraphInputKind.UserInput, $"x{_inputs.Count}"), spec);

    internal GraphValue Parameter(int[] sizes, params float[] values) => State(GraphInputKind.Parameter, sizes, values);

    internal GraphValue Buffer(int[] sizes, params float[] values) => State(GraphInputKind.Buffer, sizes, values);

    internal GraphValue Constant<T>(ScalarType type, int[] sizes, params T[] values)
        where T : unmanaged
    {
        var spec = TensorSpec.Contiguous(type, [.. sizes.Select(size => (SymbolicInt)size)]);
        var name = $"c{_inputs.Count}";
        return Declare(new GraphInputSpec(GraphInputKind.Constant, name)
        {
            QualifiedName = $"q.{name}",
            Tensor = new ExportedTensor(spec, DataContent.FromMemory(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), name)),
        }, spec);
    }

    /// <summary>Calls an operator; arguments in the order of the schema.</summary>
    internal GraphValue Call(string name, params Arg[] arguments) => CallAll(name, arguments)[0];

    /// <summary>Calls an operator whose float result is known.</summary>
    internal GraphValue CallAs(int[] sizes, string name, params Arg[] arguments) => CallAs(TensorSpec.Contiguous(ScalarType.Float, [.. sizes.Select(size => (SymbolicInt)size)]), name, arguments);

    internal GraphValue CallAs(TensorSpec result, string name, params Arg[] arguments) => CallAll(name, arguments, [result])[0];

    internal ImmutableArray<GraphValue> CallAll(string name, params Arg[] arguments) => CallAll(name, arguments, []);

    private ImmutableArray<GraphValue> CallAll(string name, Arg[] arguments, TensorSpec[] known)
    {
        var schema = OperatorTable.Get(name);
        ImmutableArray<GraphNamedArgument> named = [.. arguments.Select((argument, i) => (argument, i)).Where(item => item.argument.Value is not null)
            .Select(item => new GraphNamedArgument(schema.Parameters[item.i].Name, item.argument.Value!))];
        ImmutableArray<InferredValue> results = known.Length > 0 ? [.. known.Select(spec => new InferredValue(spec))] : ShapeInference.Infer(new OperatorArguments(schema, named, value => _known.GetValueOrDefault(value)) { NewSymbol = (low, high) => SymbolicInt.Symbol($"u{_nodes.Count}", low, high) });
        var dot = name.IndexOf('.');
        var id = $"n{_nodes.Count}";
        ImmutableArray<GraphValue> outputs = [.. results.Select((result, i) => new GraphValue(i == 0 ? id : $"{id}_{i}", result.Tensor))];
        _nodes.Add(new GraphNode(id, dot < 0 ? name : name[..dot], dot < 0 ? "" : name[(dot + 1)..], named, outputs) { SourceLocation = $"model.py, line {_nodes.Count + 1}" });
        foreach (var output in outputs)
        {
            _known[output.Name] = output;
        }

        return outputs;
    }

    internal AtenGraph Output(params GraphValue[] values)
    {
        _outputs.AddRange(values.Select(value => new GraphArgument.Reference(value.Name)));
        return this;
    }

    internal ExportedMethod Build() => new("forward", new ExportedGraph([.. _values], [.. _nodes], [.. _outputs]),
        new GraphSignature([.. _inputs], [.. _outputs.Select(_ => new GraphOutputSpec(GraphOutputKind.UserOutput))]));

    internal ExportedMethod Lower(params string[] preserved)
    {
        var method = Build();
        var context = new PassContext { StateBuffers = MutatedBuffers.Find(new ExportedProgram([method])), PreservedOperators = [.. preserved] };
        return LoweringPasses.Run(method, LoweringPasses.ToEdge, context);
    }

    /// <summary>Operators of the lowered method, in order.</summary>
    internal string[] Operators(params string[] preserved) => [.. Lower(preserved).Graph.Nodes.Select(node => node.FullName)];

    /// <summary>Lowers, emits, and runs as often as asked; gives the float outputs of the last run.</summary>
    internal float[][] Run(int times = 1)
    {
        var lowered = LoweringPasses.Run(Lower(), LoweringPasses.AfterDelegation, new PassContext());
        var program = new LoweredProgram([new LoweredMethod(lowered, [])], new NamedDataStore());
        using var emitted = new Emitted(ProgramEmitter.Emit(program, EmissionOptions.Default));
        float[][] outputs = [];
        for (var i = 0; i < times; i++)
        {
            outputs = emitted.Run("forward", [.. _given.Select(given => (given.Data, given.Sizes))]);
        }

        return outputs;
    }

    private GraphValue State(GraphInputKind kind, int[] sizes, float[] values)
    {
        var spec = TensorSpec.Contiguous(ScalarType.Float, [.. sizes.Select(size => (SymbolicInt)size)]);
        var name = $"p{_inputs.Count}";
        return Declare(new GraphInputSpec(kind, name) { QualifiedName = $"q.{name}", Tensor = new ExportedTensor(spec, DataContent.FromMemory(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), name)) }, spec);
    }

    private GraphValue Declare(GraphInputSpec input, TensorSpec spec)
    {
        var value = new GraphValue(input.ValueName, spec);
        _inputs.Add(input);
        _values.Add(value);
        _known.Add(value.Name, value);
        return value;
    }
}
