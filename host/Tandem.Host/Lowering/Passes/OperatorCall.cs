using System.Collections.Immutable;
using System.Globalization;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>A node with its schema: arguments by name, defaults filled in, references resolved to values.</summary>
internal sealed class OperatorCall
{
    private readonly GraphEditor _editor;
    private OperatorArguments? _inference;

    public OperatorCall(GraphEditor editor, GraphNode node)
    {
        _editor = editor;
        Node = node;
        Schema = OperatorTable.TryGet(node.FullName, out var schema) ? schema : null;
    }

    public GraphNode Node { get; }

    /// <summary>The same call as the inference of dtypes and shapes reads it.</summary>
    public OperatorArguments Inference => _inference ??= new OperatorArguments(Schema ?? OperatorTable.Get(Node.FullName), Node.Arguments, _editor.Get);

    public OperatorSchema? Schema { get; }

    /// <summary>The argument, or the schema's default; null if there is neither, or it is None.</summary>
    public GraphArgument? Find(string name)
    {
        var value = Node.Find(name) ?? (Schema?.Find(name) is { Default: { } text } parameter ? ParseDefault(text, parameter.Type) : null);
        return value is GraphArgument.None ? null : value;
    }

    public bool Has(string name) => Find(name) is not null;

    public GraphValue Tensor(string name) => OptionalTensor(name) ?? throw Refuse($"the argument '{name}' is not a tensor");

    public GraphValue? OptionalTensor(string name) => Find(name) is GraphArgument.Reference reference && _editor.Get(reference.Name) is { Tensor: not null } value ? value : null;

    /// <summary>The tensors of a list, without those that are absent.</summary>
    public GraphValue[] Tensors(string name) => Find(name) is GraphArgument.List list
        ? [.. list.Items.OfType<GraphArgument.Reference>().Select(item => _editor.Get(item.Name))] : throw Refuse($"the argument '{name}' is not a list of tensors");

    /// <summary>The value that an item of a list refers to.</summary>
    public GraphValue Reference(GraphArgument item) => item is GraphArgument.Reference reference ? _editor.Get(reference.Name) : throw Refuse("an argument is no tensor");

    public GraphArgument Argument(string name) => Find(name) ?? throw Refuse($"the argument '{name}' is absent");

    public long Int(string name) => Find(name) switch
    {
        GraphArgument.Int number => number.Value,
        GraphArgument.Bool flag => flag.Value ? 1 : 0,
        GraphArgument.Symbolic { Value.IsConstant: true } symbol => symbol.Value.Value,
        GraphArgument.Reference reference when _editor.Get(reference.Name).Integer is { IsConstant: true } integer => integer.Value,
        _ => throw Refuse($"the argument '{name}' is not a number that is known ahead of time"),
    };

    public long? OptionalInt(string name) => Has(name) ? Int(name) : null;

    public double Double(string name) => Find(name) switch
    {
        GraphArgument.Float number => number.Value,
        _ => Int(name),
    };

    public double? OptionalDouble(string name) => Has(name) ? Double(name) : null;

    public bool Bool(string name) => Find(name) is GraphArgument.Bool flag ? flag.Value : Int(name) != 0;

    public string Text(string name) => Find(name) is GraphArgument.Text text ? text.Value : throw Refuse($"the argument '{name}' is not text");

    public ScalarType? DataType(string name) => Find(name) switch
    {
        null => null,
        GraphArgument.DataType type => type.Value,
        GraphArgument.Int number => (ScalarType)number.Value,
        _ => throw Refuse($"the argument '{name}' is not a dtype"),
    };

    /// <summary>The value of a memory format ("channels_last"), or null.</summary>
    public string? MemoryFormat(string name = "memory_format") => Find(name) is GraphArgument.Option option ? option.Value : null;

    /// <summary>The items of a list; a single number is as many as the schema says.</summary>
    public GraphArgument[] List(string name)
    {
        var length = DeclaredLength(name);
        var items = Find(name) switch
        {
            GraphArgument.List list => [.. list.Items],
            { } single => new[] { single },
            null => throw Refuse($"the argument '{name}' is absent"),
        };
        return items.Length == 1 && length > 1 ? [.. Enumerable.Repeat(items[0], length)] : items;
    }

    public GraphArgument[]? OptionalList(string name) => Has(name) ? List(name) : null;

    public long[] Ints(string name) => [.. List(name).Select((item, i) => item switch
    {
        GraphArgument.Int number => number.Value,
        GraphArgument.Symbolic { Value.IsConstant: true } symbol => symbol.Value.Value,
        GraphArgument.Reference reference when _editor.Get(reference.Name).Integer is { IsConstant: true } integer => integer.Value,
        _ => throw Refuse($"item {i} of the argument '{name}' is not known ahead of time"),
    })];

    public long[]? OptionalInts(string name) => Has(name) ? Ints(name) : null;

    public double[]? OptionalDoubles(string name) => !Has(name) ? null : [.. List(name).Select(item => item switch
    {
        GraphArgument.Float number => number.Value,
        GraphArgument.Int number => number.Value,
        _ => throw Refuse($"the argument '{name}' is not a list of numbers"),
    })];

    /// <summary>A dimension, counted from the front.</summary>
    public int Dim(string name, int rank) => Wrap(Int(name), rank);

    /// <summary>Dimensions, counted from the front; all if the list is absent or empty.</summary>
    public int[] Dims(string name, int rank) => Find(name) switch
    {
        null or GraphArgument.List { Items.Length: 0 } => [.. Enumerable.Range(0, rank)],
        _ => [.. Ints(name).Select(dim => Wrap(dim, rank))],
    };

    public int Wrap(long dim, int rank)
    {
        var wrapped = dim < 0 ? dim + Math.Max(rank, 1) : dim;
        return wrapped >= 0 && wrapped < Math.Max(rank, 1) ? (int)wrapped : throw Refuse($"dimension {dim} lies outside rank {rank}");
    }

    /// <summary>The size that an argument stands for.</summary>
    public SymbolicInt Size(GraphArgument argument) => argument switch
    {
        GraphArgument.Int number => number.Value,
        GraphArgument.Symbolic symbol => symbol.Value,
        GraphArgument.Reference reference => _editor.Get(reference.Name).Integer ?? SymbolicInt.Symbol(reference.Name),
        _ => throw Refuse("a size is not an integer"),
    };

    public TandemException Refuse(string problem) => _editor.NotLowerable(Node, problem);

    private int DeclaredLength(string name)
    {
        var type = Schema?.Find(name)?.Type ?? "";
        var open = type.IndexOf('[');
        return open >= 0 && int.TryParse(type[(open + 1)..].TrimEnd(']', '?'), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : 0;
    }

    /// <summary>A default as PyTorch's schema writes it.</summary>
    internal static GraphArgument? ParseDefault(string text, string type)
    {
        if (text == "None")
        {
            return null;
        }

        if (text.StartsWith('['))
        {
            var element = type.Replace("[]", "", StringComparison.Ordinal);
            return new GraphArgument.List([.. text[1..^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(item => ParseDefault(item, element) ?? new GraphArgument.None())]);
        }

        if (text.StartsWith('"') || text.StartsWith('\''))
        {
            return new GraphArgument.Text(text.Trim('"', '\''));
        }

        return text switch
        {
            "True" or "False" => new GraphArgument.Bool(text == "True"),
            "contiguous_format" => new GraphArgument.Option("memory_format", text),
            "0" when type.StartsWith("MemoryFormat", StringComparison.Ordinal) => new GraphArgument.Option("memory_format", "contiguous_format"),
            "inf" => new GraphArgument.Float(double.PositiveInfinity),
            "Mean" => new GraphArgument.Int(1),
            _ when type.StartsWith("ScalarType", StringComparison.Ordinal) && int.TryParse(text, out var code) => new GraphArgument.DataType((ScalarType)code),
            _ when type.StartsWith("float", StringComparison.Ordinal) => new GraphArgument.Float(double.Parse(text, CultureInfo.InvariantCulture)),
            _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? new GraphArgument.Int(number)
                : new GraphArgument.Float(double.Parse(text, CultureInfo.InvariantCulture)),
        };
    }
}
