using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>A graph that is being built: a method, or a branch of control flow in one. Not thread-safe.</summary>
public abstract partial class GraphBuilder
{
    private readonly Dictionary<string, GraphValue> _values = new(StringComparer.Ordinal);
    private readonly List<GraphNode> _nodes = [];
    private readonly SymbolicNumbers _numbers;

    private protected GraphBuilder(ExportedProgramBuilder program, NameScope names)
    {
        (Program, Names) = (program, names);
        _numbers = new SymbolicNumbers(this);
    }

    internal ExportedProgramBuilder Program { get; }

    internal NameScope Names { get; }

    internal IReadOnlyList<GraphNode> Nodes => _nodes;

    internal IEnumerable<GraphValue> Values => _values.Values;

    /// <summary>Any operator, for which no method is there: arguments by position or name, results inferred.</summary>
    /// <param name="operatorName">Full name: "aten::relu", "aten::add.Tensor".</param>
    /// <param name="arguments">The arguments in the order of the schema, or by name.</param>
    /// <param name="results">
    /// What the results are, in order; left out, they are inferred. Needed for operators without a rule, and for those whose results depend on data.
    /// </param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The results that are tensors.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.OperatorMissing"/>: the operator, or a rule for its results, is not known; <see cref="ErrorCode.OperatorArgumentInvalid"/> or
    /// <see cref="ErrorCode.OperatorTypeNotSupported"/>: the arguments do not fit the schema or each other.
    /// </exception>
    public ImmutableArray<GraphTensor> Call(
        string operatorName, ReadOnlySpan<OperatorArgument> arguments, ImmutableArray<TensorSpec> results = default,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Many(operatorName, arguments, results, file, line);

    /// <summary>Runs one of two branches, as a truth value says when the program runs.</summary>
    /// <param name="predicate">A truth value: a bool tensor of one element.</param>
    /// <param name="operands">What the branches are given.</param>
    /// <param name="whenTrue">Builds the branch for true from its own view of the operands. Parameters and buffers of the program may be used as they are.</param>
    /// <param name="whenFalse">Builds the branch for false; its results have the same element types and sizes.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The results of the branch that runs.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorArgumentInvalid"/>: the predicate is no truth value, or the branches' results differ.</exception>
    public ImmutableArray<GraphTensor> Cond(
        GraphTensor predicate, ReadOnlySpan<TensorOperand> operands,
        Func<ImmutableArray<GraphTensor>, IReadOnlyList<GraphTensor>> whenTrue, Func<ImmutableArray<GraphTensor>, IReadOnlyList<GraphTensor>> whenFalse,
        [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        const string Operator = "higher_order::cond";
        var condition = Resolve(predicate, Operator, file, line);
        if (condition.ScalarType != ScalarType.Bool || condition.Spec.Sizes.Any(size => size is not { IsConstant: true, Value: 1 }))
        {
            throw Wrong(Operator, "the predicate is no truth value", "bool []", condition.Spec.ToString(), file, line);
        }

        var given = ImmutableArray.CreateBuilder<GraphTensor>();
        foreach (var operand in operands)
        {
            given.Add(Resolve(operand, Operator, file, line));
        }

        var (first, second) = (new BranchBuilder(this, given), new BranchBuilder(this, given));
        var (firstResults, secondResults) = (first.Run(whenTrue, Operator, file, line), second.Run(whenFalse, Operator, file, line));
        if (firstResults.Count != secondResults.Count)
        {
            throw Wrong(Operator, "the branches give another number of results", $"{firstResults.Count}", $"{secondResults.Count}", file, line);
        }

        for (var i = 0; i < firstResults.Count; i++)
        {
            if (firstResults[i].ScalarType != secondResults[i].ScalarType || !ShapeRules.SameSizes(firstResults[i].Spec.Sizes, secondResults[i].Spec.Sizes))
            {
                throw Wrong(Operator, $"the branches differ in result {i}", firstResults[i].Spec.ToString(), secondResults[i].Spec.ToString(), file, line);
            }
        }

        // What the branches use of the program comes in behind the operands, for both.
        ImmutableArray<ModelTensor> used = [.. first.Used.Union(second.Used)];
        ImmutableArray<GraphArgument> all =
            [.. given.Select(value => new GraphArgument.Reference(value.Name)), .. used.Select(tensor => new GraphArgument.Reference(Read(tensor).Name))];
        ImmutableArray<GraphNamedArgument> arguments =
        [
            new("pred", new GraphArgument.Reference(condition.Name)),
            new("true_fn", new GraphArgument.Subgraph(first.Finish(used, firstResults))),
            new("false_fn", new GraphArgument.Subgraph(second.Finish(used, secondResults))),
            new("operands", new GraphArgument.List(all)),
        ];
        return Add(Operator, "", arguments, [.. firstResults.Select(result => new InferredValue(Layouts.Contiguous(result.ScalarType, result.Spec.Sizes)))], file, line);
    }

    /// <summary>Reads a parameter, buffer or constant of the program in this graph.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <returns>Its value; for a buffer that the method has assigned, the assigned one.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: it belongs to another program.</exception>
    public GraphTensor Read(ModelTensor tensor) => tensor.Owner == Program ? Lift(tensor)
        : throw new TandemException(ErrorCode.ArgumentInvalid, "the tensor belongs to another program", new ErrorDetails { Found = tensor.ToString() });

    internal GraphTensor Single(string operatorName, ReadOnlySpan<OperatorArgument> arguments, string file, int line)
    {
        var results = Many(operatorName, arguments, default, file, line);
        return results.Length == 1 ? results[0]
            : throw Wrong(operatorName, "the operator does not give one tensor", "1 result", $"{results.Length}", file, line);
    }

    internal ImmutableArray<GraphTensor> Many(string operatorName, ReadOnlySpan<OperatorArgument> arguments, ImmutableArray<TensorSpec> results, string file, int line)
    {
        try
        {
            var schema = OperatorTable.Get(operatorName);
            var bound = new ArgumentBinder(this, schema, file, line).Bind(arguments);
            var call = new OperatorArguments(schema, bound, name => _values.GetValueOrDefault(name))
            {
                NewSymbol = (minimum, maximum) => Program.NewSymbol(minimum, maximum),
            };
            var dot = operatorName.IndexOf('.');
            return Add(dot < 0 ? operatorName : operatorName[..dot], dot < 0 ? "" : operatorName[(dot + 1)..], bound,
                results.IsDefault ? ShapeInference.Infer(call) : [.. results.Select(spec => new InferredValue(spec))], file, line);
        }
        catch (TandemException error) when (error.Details.File is null)
        {
            throw new TandemException(error.Code, error.Problem, error.Details with
            {
                File = SourceLine(file, line),
                Location = error.Details.Location ?? operatorName,
                NextStep = error.Details.NextStep ?? (error.Code == ErrorCode.OperatorMissing ? "check the name; where only the rule for results is missing, pass 'results'" : null),
            }, error);
        }
    }

    internal GraphTensor Resolve(TensorOperand operand, string operatorName, string file, int line) => operand switch
    {
        GraphTensor tensor when tensor.Graph == this => tensor,
        ModelTensor tensor => Read(tensor),
        GraphTensor tensor => throw Wrong(operatorName, "the tensor belongs to another graph", "a value of the graph that is being built, or a tensor of the program",
            tensor.ToString(), file, line),
        _ => throw Wrong(operatorName, "a tensor is missing", "a tensor", "null", file, line),
    };

    internal GraphArgument ToArgument(SymbolicInt size) => size.IsConstant ? new GraphArgument.Int(size.Value) : _numbers.Find(size);

    internal GraphValue? FindValue(string name) => _values.GetValueOrDefault(name);

    internal string AddInteger(string operatorName, string overload, ImmutableArray<GraphNamedArgument> arguments, SymbolicInt value)
    {
        var name = Names.Unique(operatorName[(operatorName.LastIndexOf(':') + 1)..]);
        var result = new GraphValue(name, null) { Integer = value };
        _values.Add(name, result);
        _nodes.Add(new GraphNode(name, operatorName, overload, arguments, [result]) { DebugHandle = Names.NextHandle() });
        return name;
    }

    internal GraphTensor AddInput(string name, TensorSpec spec)
    {
        _values.Add(name, new GraphValue(name, spec));
        return new GraphTensor(this, name, spec);
    }

    internal abstract GraphTensor Lift(ModelTensor tensor);

    internal static TandemException Wrong(string operatorName, string problem, string expected, string found, string file, int line) =>
        new(ErrorCode.OperatorArgumentInvalid, problem, new ErrorDetails { File = SourceLine(file, line), Location = operatorName, Expected = expected, Found = found });

    // Only the file's name: a path of the machine that compiled the application tells nobody anything.
    internal static string? SourceLine(string file, int line) => line == 0 ? null : $"{file[(file.LastIndexOfAny(['/', '\\']) + 1)..]}:{line}";

    private ImmutableArray<GraphTensor> Add(
        string operatorName, string overload, ImmutableArray<GraphNamedArgument> arguments, ImmutableArray<InferredValue> results, string file, int line)
    {
        var name = Names.Unique(operatorName[(operatorName.LastIndexOf(':') + 1)..]);
        var outputs = ImmutableArray.CreateBuilder<GraphValue>(results.Length);
        var tensors = ImmutableArray.CreateBuilder<GraphTensor>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            var value = new GraphValue(results.Length == 1 ? name : Names.Unique($"{name}_{i}"), results[i].Tensor) { Integer = results[i].Integer };
            _values.Add(value.Name, value);
            outputs.Add(value);
            if (value.Tensor is { } spec)
            {
                tensors.Add(new GraphTensor(this, value.Name, spec));
            }
        }

        _nodes.Add(new GraphNode(name, operatorName, overload, arguments, outputs.ToImmutable())
        {
            DebugHandle = Names.NextHandle(),
            SourceLocation = SourceLine(file, line),
        });
        return tensors.ToImmutable();
    }
}
