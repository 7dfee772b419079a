using System.Collections.Immutable;
using System.Globalization;
using Tandem.Host.Kernels.Common;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>An operator with its arguments, as the rules of <see cref="ShapeInference"/> read it: by the schema's names, defaults filled in.</summary>
/// <param name="schema">The operator's schema.</param>
/// <param name="arguments">The arguments that are given.</param>
/// <param name="find">Finds a value that an argument refers to; null if there is none.</param>
internal sealed class OperatorArguments(OperatorSchema schema, ImmutableArray<GraphNamedArgument> arguments, Func<string, GraphValue?> find)
{
    /// <summary>The operator's schema.</summary>
    public OperatorSchema Schema => schema;

    /// <summary>Name without overload: "aten::add".</summary>
    public string Operator { get; } = schema.Name.IndexOf('.') is >= 0 and var dot ? schema.Name[..dot] : schema.Name;

    /// <summary>Overload; empty for the default one.</summary>
    public string Overload => schema.Name.Length == Operator.Length ? "" : schema.Name[(Operator.Length + 1)..];

    /// <summary>Makes the symbol of a size that the data decides.</summary>
    public Func<long, long, SymbolicInt>? NewSymbol { get; init; }

    /// <summary>An argument; its default if it is absent; null for None.</summary>
    public GraphArgument? Find(string name)
    {
        foreach (var argument in arguments)
        {
            if (argument.Name == name)
            {
                return argument.Value is GraphArgument.None ? null : argument.Value;
            }
        }

        return schema.Find(name)?.Default is { } text ? Parse(text) : null;
    }

    /// <summary>Whether the schema has the parameter.</summary>
    public bool Has(string name) => schema.Find(name) is not null;

    /// <summary>A tensor that must be there.</summary>
    public TensorSpec Tensor(string name) => OptionalTensor(name) ?? throw Refuse($"'{name}' must be a tensor", "a tensor", Describe(Find(name)));

    /// <summary>A tensor, or null for None and for a number.</summary>
    public TensorSpec? OptionalTensor(string name) => Find(name) is GraphArgument.Reference reference ? find(reference.Name)?.Tensor : null;

    /// <summary>A list of tensors.</summary>
    public ImmutableArray<TensorSpec> Tensors(string name) =>
        [.. OptionalTensors(name).Select((tensor, i) => tensor ?? throw Refuse($"'{name}'[{i}] must be a tensor", "tensors", "none"))];

    /// <summary>A list of tensors, some of which may be absent.</summary>
    public ImmutableArray<TensorSpec?> OptionalTensors(string name) => Find(name) switch
    {
        GraphArgument.List list => [.. list.Items.Select(item => item is GraphArgument.Reference reference ? find(reference.Name)?.Tensor : null)],
        var other => throw Refuse($"'{name}' must be a list of tensors", "a list", Describe(other)),
    };

    /// <summary>An integer, possibly symbolic.</summary>
    public SymbolicInt Size(string name) => OptionalSize(name) ?? throw Refuse($"'{name}' must be an integer", "an integer", Describe(Find(name)));

    /// <summary>An integer, possibly symbolic; null for None.</summary>
    public SymbolicInt? OptionalSize(string name) => Find(name) is { } value ? ToSize(name, value) : null;

    /// <summary>Integers, possibly symbolic; a single one counts for all.</summary>
    public ImmutableArray<SymbolicInt> Sizes(string name, int count = -1) =>
        OptionalSizes(name, count) ?? throw Refuse($"'{name}' must be a list of integers", "integers", Describe(Find(name)));

    /// <summary>Integers, possibly symbolic, or null for None; a single one counts for all.</summary>
    public ImmutableArray<SymbolicInt>? OptionalSizes(string name, int count = -1)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        ImmutableArray<SymbolicInt> sizes = value is GraphArgument.List list ? [.. list.Items.Select(item => ToSize(name, item))] : [ToSize(name, value)];
        return count < 0 || sizes.Length == count ? sizes
            : sizes.Length == 1 ? [.. Enumerable.Repeat(sizes[0], count)]
            : throw Refuse($"'{name}' has the wrong number of items", $"{count}", $"{sizes.Length}");
    }

    /// <summary>An integer that is a number.</summary>
    public long Int(string name) => ToLong(name, Size(name));

    /// <summary>Integers that are numbers.</summary>
    public ImmutableArray<long> Ints(string name, int count = -1) => [.. Sizes(name, count).Select(size => ToLong(name, size))];

    /// <summary>Integers that are numbers, or null for None.</summary>
    public ImmutableArray<long>? OptionalInts(string name) => Find(name) is null ? null : Ints(name);

    /// <summary>A truth value.</summary>
    public bool Bool(string name) => Find(name) switch
    {
        null => false,
        GraphArgument.Bool { Value: var value } => value,
        GraphArgument.Int { Value: var value } => value != 0,
        var other => throw Refuse($"'{name}' must be a truth value", "true or false", Describe(other)),
    };

    /// <summary>A string; null for None.</summary>
    public string? Text(string name) => (Find(name) as GraphArgument.Text)?.Value;

    /// <summary>A memory format, layout or device; null for None.</summary>
    public string? Option(string name) => (Find(name) as GraphArgument.Option)?.Value;

    /// <summary>An element type; null for None.</summary>
    public ScalarType? DataType(string name) => Find(name) switch
    {
        GraphArgument.DataType { Value: var type } => type,
        GraphArgument.Int { Value: var code } => (ScalarType)code,
        _ => null,
    };

    /// <summary>A number as a float; null for None and for a number that only the run knows.</summary>
    public double? Number(string name) => Find(name) switch
    {
        GraphArgument.Int { Value: var value } => value,
        GraphArgument.Float { Value: var value } => value,
        GraphArgument.Bool { Value: var value } => value ? 1 : 0,
        _ => null,
    };

    /// <summary>Floats, or null for None.</summary>
    public ImmutableArray<double>? OptionalNumbers(string name) => Find(name) is GraphArgument.List list
        ? [.. list.Items.Select(item => item switch
        {
            GraphArgument.Float { Value: var value } => value,
            GraphArgument.Int { Value: var value } => value,
            _ => throw Refuse($"'{name}' must be a list of numbers", "numbers", Describe(item)),
        })]
        : null;

    /// <summary>The element type as which a plain number takes part in promotion; null if the argument is no number.</summary>
    public ScalarType? NumberType(string name) => Find(name) switch
    {
        GraphArgument.Bool => ScalarType.Bool,
        GraphArgument.Int or GraphArgument.Symbolic => ScalarType.Long,
        GraphArgument.Float => ScalarType.Float,
        GraphArgument.Complex => ScalarType.ComplexFloat,
        GraphArgument.Reference reference when find(reference.Name) is { Tensor: null } => ScalarType.Long,
        _ => null,
    };

    /// <summary>A dimension, counted from the end if negative.</summary>
    public int Dim(string name, int rank) => Dim(Int(name), rank, name);

    /// <summary>A dimension, counted from the end if negative.</summary>
    public int Dim(long dim, int rank, string name = "dim")
    {
        // A scalar has one dimension for this purpose, as in PyTorch.
        var count = Math.Max(rank, 1);
        return dim >= -count && dim < count ? (int)(dim < 0 ? dim + count : dim)
            : throw Refuse($"'{name}' is no dimension of the tensor", $"{-count} to {count - 1}", $"{dim}");
    }

    /// <summary>The error that says that the arguments are wrong.</summary>
    public TandemException Refuse(string problem, string expected, string found, ErrorCode code = ErrorCode.OperatorArgumentInvalid) =>
        new(code, problem, new ErrorDetails { Location = schema.Name, Expected = expected, Found = found });

    /// <summary>Refuses integers and truth values.</summary>
    public TensorSpec FloatTensor(string name)
    {
        var tensor = Tensor(name);
        return tensor.ScalarType.IsFloatingPoint() || tensor.ScalarType.IsComplex() ? tensor
            : throw Refuse($"'{name}' must be of a floating-point type", "a floating-point tensor", tensor.ToString(), ErrorCode.OperatorTypeNotSupported);
    }

    private static string Describe(GraphArgument? argument) => argument switch
    {
        null => "none",
        GraphArgument.Int { Value: var value } => value.ToString(CultureInfo.InvariantCulture),
        GraphArgument.Reference { Name: var name } => $"value '{name}'",
        _ => argument.GetType().Name.ToLowerInvariant(),
    };

    private SymbolicInt ToSize(string name, GraphArgument value) => value switch
    {
        GraphArgument.Int { Value: var number } => number,
        GraphArgument.Symbolic { Value: var symbolic } => symbolic,
        GraphArgument.Bool { Value: var truth } => truth ? 1 : 0,
        GraphArgument.Reference reference when find(reference.Name)?.Integer is { } integer => integer,
        _ => throw Refuse($"'{name}' must be an integer", "an integer", Describe(value)),
    };

    private long ToLong(string name, SymbolicInt size) => size.IsConstant ? size.Value
        : throw Refuse($"'{name}' must be known before the program runs", "a number", size.ToString());

    // Defaults as schemas write them: "None", "[1, 1]", "1e-05", "True", "\"mean\"", "contiguous_format".
    private static GraphArgument? Parse(string text) => text switch
    {
        "None" => null,
        "True" => new GraphArgument.Bool(true),
        "False" => new GraphArgument.Bool(false),
        ['[', .., ']'] => new GraphArgument.List(
            [.. text[1..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(item => Parse(item) ?? new GraphArgument.None())]),
        ['"', .., '"'] => new GraphArgument.Text(text[1..^1]),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => new GraphArgument.Int(integer),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => new GraphArgument.Float(number),
        _ => new GraphArgument.Option("memory_format", text),
    };
}
