using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tandem.Host.Lowering.Inference;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>A method that is being built: its inputs, what it computes, what it returns, and which buffers it changes.</summary>
public sealed class MethodBuilder : GraphBuilder
{
    private readonly List<GraphTensor> _inputs = [];
    private readonly List<GraphTensor> _outputs = [];
    private readonly Dictionary<ModelTensor, GraphTensor> _read = [];
    private readonly List<ModelTensor> _tensors = [];
    private readonly List<ModelTensor> _assigned = [];
    private readonly Dictionary<ModelTensor, GraphTensor> _values = [];

    internal MethodBuilder(ExportedProgramBuilder program, string name)
        : base(program, new NameScope())
    {
        Name = name;
    }

    /// <summary>Name of the method.</summary>
    public string Name { get; }

    /// <summary>Adds an input that the caller gives.</summary>
    /// <param name="name">Its name; letters, digits and underscores.</param>
    /// <param name="scalarType">Element type.</param>
    /// <param name="sizes">Sizes; dynamic ones from <see cref="ExportedProgramBuilder.Dim"/>.</param>
    /// <returns>The input.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken or has other letters, a size is negative or unknown.</exception>
    public GraphTensor Input(string name, ScalarType scalarType, params ReadOnlySpan<SymbolicInt> sizes)
    {
        Program.CheckNew(name, "input");
        if (name.Length == 0 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_') || !Names.Take(name))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the name of an input is taken or impossible", new ErrorDetails
            {
                Location = $"method '{Name}'",
                Expected = "a new name of letters, digits and underscores",
                Found = $"'{name}'",
            });
        }

        foreach (var size in sizes)
        {
            Program.CheckSize(size, name);
        }

        var input = AddInput(name, Layouts.Contiguous(scalarType, [.. sizes]));
        _inputs.Add(input);
        return input;
    }

    /// <summary>Gives a buffer its value for the next call. Later reads in this method see it.</summary>
    /// <param name="buffer">A buffer of the program.</param>
    /// <param name="value">The value; same element type and sizes.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: it is no buffer, or the value does not fit it.</exception>
    public void Assign(ModelTensor buffer, GraphTensor value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Read(buffer);
        var resolved = Resolve(value, "assignment", file, line);
        if (buffer.Kind != GraphInputKind.Buffer)
        {
            throw Wrong("assignment", "only buffers change", "a buffer", $"{buffer.Kind.ToString().ToLowerInvariant()} {buffer}", file, line);
        }

        if (resolved.ScalarType != buffer.ScalarType || !ShapeRules.SameSizes(resolved.Spec.Sizes, buffer.Spec.Sizes))
        {
            throw Wrong("assignment", $"the value does not fit the buffer '{buffer.Name}'", buffer.Spec.ToString(), resolved.Spec.ToString(), file, line);
        }

        if (!_assigned.Contains(buffer))
        {
            _assigned.Add(buffer);
        }

        _values[buffer] = resolved;
    }

    /// <summary>Adds outputs that the caller gets, in order.</summary>
    /// <param name="tensors">The outputs.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: one belongs to another graph.</exception>
    public void Output(params ReadOnlySpan<TensorOperand> tensors)
    {
        foreach (var tensor in tensors)
        {
            _outputs.Add(Resolve(tensor, "output", "", 0));
        }
    }

    internal override GraphTensor Lift(ModelTensor tensor)
    {
        if (_values.TryGetValue(tensor, out var assigned))
        {
            return assigned;
        }

        if (!_read.TryGetValue(tensor, out var value))
        {
            var prefix = tensor.Kind switch { GraphInputKind.Parameter => "p", GraphInputKind.Buffer => "b", _ => "c" };
            _read[tensor] = value = AddInput(Names.Unique($"{prefix}_{tensor.Name}"), tensor.Spec);
            _tensors.Add(tensor);
        }

        return value;
    }

    internal ExportedMethod Build()
    {
        if (_outputs.Count == 0 && _assigned.Count == 0)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "a method returns nothing and changes nothing", new ErrorDetails
            {
                Location = $"method '{Name}'",
                NextStep = "call Output with what the caller gets",
            });
        }

        // The order of PyTorch: parameters, buffers, constants, then what the caller gives; mutations, then what the caller gets.
        var tensors = _tensors.OrderBy(tensor => tensor.Kind).ToList();
        var inputs = ImmutableArray.CreateBuilder<GraphInputSpec>();
        foreach (var tensor in tensors)
        {
            inputs.Add(new GraphInputSpec(tensor.Kind, _read[tensor].Name) { QualifiedName = tensor.Name, Tensor = tensor.Value, IsPersistent = tensor.IsPersistent });
        }

        inputs.AddRange(_inputs.Select(input => new GraphInputSpec(GraphInputKind.UserInput, input.Name)));
        var outputs = _assigned.Select(buffer => new GraphOutputSpec(GraphOutputKind.BufferMutation, buffer.Name))
            .Concat(_outputs.Select(_ => new GraphOutputSpec(GraphOutputKind.UserOutput)));
        var graph = new ExportedGraph(
            [.. tensors.Select(tensor => _read[tensor]).Concat(_inputs).Select(tensor => new GraphValue(tensor.Name, tensor.Spec))],
            [.. Nodes],
            [.. _assigned.Select(buffer => _values[buffer]).Concat(_outputs).Select(tensor => new GraphArgument.Reference(tensor.Name))]);
        return new ExportedMethod(Name, graph, new GraphSignature(inputs.ToImmutable(), [.. outputs]))
        {
            InputTree = TreeSpecs.OfArguments(_inputs.Count),
            OutputTree = TreeSpecs.OfResults(_outputs.Count),
        };
    }
}
