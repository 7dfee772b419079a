using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>A node of the graph with the payload that it is lowered into: its arguments with their types, and where its results go.</summary>
internal sealed class OperatorNode(GraphNode node, LoweringScope scope, Func<string, bool> isUsed)
{
    public GraphWriter Writer => scope.Writer;

    public string FullName => node.FullName;

    public string Operator => node.Operator;

    /// <summary>Element type of the first result.</summary>
    public ScalarType Type => Spec(0).ScalarType;

    /// <summary>Sizes of the first result.</summary>
    public SymbolicInt[] Sizes => [.. Spec(0).Sizes];

    public int OutputCount => node.Outputs.Length;

    /// <summary>What is known about a result.</summary>
    public TensorSpec Spec(int output) => node.Outputs[output].Tensor ?? throw new LoweringRefusal("the result is not a tensor");

    /// <summary>Whether something reads a result.</summary>
    public bool IsUsed(int output) => isUsed(node.Outputs[output].Name);

    /// <summary>A tensor argument.</summary>
    public LoweredTensor Tensor(string name) => OptionalTensor(name) ?? throw new LoweringRefusal($"the argument '{name}' is absent");

    /// <summary>A tensor argument that may be absent.</summary>
    public LoweredTensor? OptionalTensor(string name) => node.Find(name) switch
    {
        null or GraphArgument.None => null,
        GraphArgument.Reference reference => Checked(scope[reference.Name]),
        _ => throw new LoweringRefusal($"the argument '{name}' is not a tensor"),
    };

    /// <summary>A list of tensors.</summary>
    public LoweredTensor[] Tensors(string name) => node.Find(name) is GraphArgument.List list
        ? [.. list.Items.Select(item => item is GraphArgument.Reference reference ? Checked(scope[reference.Name])
            : throw new LoweringRefusal($"an item of '{name}' is absent"))]
        : throw new LoweringRefusal($"the argument '{name}' is not a list of tensors");

    /// <summary>A tensor argument whatever its type, or whether its rows are quantised when called.</summary>
    public LoweredTensor AnyTensor(string name) => node.Find(name) is GraphArgument.Reference reference ? scope[reference.Name]
        : throw new LoweringRefusal($"the argument '{name}' is not a tensor");

    /// <summary>The value of a quantisation of rows that an argument is; null if it is something else.</summary>
    public DynamicParameters? Parameters(string name) => node.Find(name) is GraphArgument.Reference reference ? scope.FindParameters(reference.Name) : null;

    /// <summary>Keeps that the results exist only while a call quantises the rows of a tensor.</summary>
    public void SetParameters(LoweredTensor source, params ReadOnlySpan<DynamicRole> roles)
    {
        if (roles.Length != node.Outputs.Length)
        {
            throw new LoweringRefusal($"{node.Outputs.Length} results");
        }

        for (var i = 0; i < roles.Length; i++)
        {
            scope.AddParameters(node.Outputs[i].Name, new DynamicParameters(source, roles[i]));
        }
    }

    /// <summary>Gives an argument of the call, int8, its meaning.</summary>
    public LoweredTensor Declare(string name, PayloadQuantization.PerTensor quantization) =>
        scope[((GraphArgument.Reference)node.Find(name)!).Name] = Writer.Declare(AnyTensor(name), quantization);

    /// <summary>How what reads the first result quantises it; null if it is needed as numbers.</summary>
    public PayloadQuantization.PerTensor? ResultQuantization => scope.Results.Find(node.Outputs[0].Name);

    /// <summary>An element type.</summary>
    public ScalarType? DataType(string name) => node.Find(name) switch
    {
        null or GraphArgument.None => null,
        GraphArgument.DataType type => type.Value,
        _ => throw new LoweringRefusal($"the argument '{name}' is not an element type"),
    };

    /// <summary>Whether an argument is given and not None.</summary>
    public bool Has(string name) => node.Find(name) is not (null or GraphArgument.None);

    /// <summary>Whether an argument is a value of the graph rather than a number.</summary>
    public bool IsReference(string name) => node.Find(name) is GraphArgument.Reference;

    /// <summary>An integer argument that is known ahead of time.</summary>
    public long Int(string name, long? defaultValue = null) => node.Find(name) switch
    {
        GraphArgument.Int number => number.Value,
        null or GraphArgument.None when defaultValue is { } value => value,
        _ => throw new LoweringRefusal($"the argument '{name}' is known at run time only"),
    };

    /// <summary>A number that is known ahead of time.</summary>
    public double Number(string name, double? defaultValue = null) => node.Find(name) switch
    {
        GraphArgument.Int number => number.Value,
        GraphArgument.Float number => number.Value,
        GraphArgument.Bool truth => truth.Value ? 1 : 0,
        null or GraphArgument.None when defaultValue is { } value => value,
        _ => throw new LoweringRefusal($"the argument '{name}' is not a number that is known ahead of time"),
    };

    /// <summary>A truth value.</summary>
    public bool Bool(string name, bool defaultValue = false) => node.Find(name) switch
    {
        GraphArgument.Bool truth => truth.Value,
        GraphArgument.Int number => number.Value != 0,
        null or GraphArgument.None => defaultValue,
        _ => throw new LoweringRefusal($"the argument '{name}' is not a truth value"),
    };

    /// <summary>A string.</summary>
    public string Text(string name, string defaultValue) => node.Find(name) switch
    {
        GraphArgument.Text text => text.Value,
        null or GraphArgument.None => defaultValue,
        _ => throw new LoweringRefusal($"the argument '{name}' is not a string"),
    };

    /// <summary>A list of integers that are known ahead of time; a single one counts as a list.</summary>
    public long[] Ints(string name, params long[] defaultValue) => node.Find(name) switch
    {
        GraphArgument.List list => [.. list.Items.Select(item => item is GraphArgument.Int number ? number.Value
            : throw new LoweringRefusal($"'{name}' is known at run time only"))],
        GraphArgument.Int number => [number.Value],
        null or GraphArgument.None => defaultValue,
        _ => throw new LoweringRefusal($"the argument '{name}' is not a list of integers"),
    };

    /// <summary>A list of numbers that are known ahead of time.</summary>
    public double[] Numbers(string name) => node.Find(name) is GraphArgument.List list
        ? [.. list.Items.Select(item => item is GraphArgument.Float number ? number.Value : item is GraphArgument.Int whole ? whole.Value
            : throw new LoweringRefusal($"'{name}' is known at run time only"))]
        : throw new LoweringRefusal($"the argument '{name}' is not a list of numbers");

    /// <summary>A dimension, counted from the first.</summary>
    public static int Dimension(long dimension, int rank)
    {
        var position = dimension < 0 ? dimension + rank : dimension;
        return position >= 0 && position < rank ? (int)position : throw new LoweringRefusal($"dimension {dimension} of a tensor of rank {rank}");
    }

    /// <summary>A tensor argument in float32: functions that XNNPACK would round in each step are computed there, as eager PyTorch does.</summary>
    public LoweredTensor Single(string name) => Single(Tensor(name));

    /// <summary>A tensor argument that may be absent, in float32.</summary>
    public LoweredTensor? OptionalSingle(string name) => OptionalTensor(name) is { } tensor ? Single(tensor) : null;

    /// <summary>Sets a result; one of float32 is rounded where the operator gives float16.</summary>
    public void Set(LoweredTensor tensor, int output = 0)
    {
        var spec = LoweringScope.Check(node.Outputs[output]);
        if (tensor.Type.Quantization is not null && spec.ScalarType != ScalarType.Char)
        {
            tensor = LoweredTensor.Dequantise(Writer, tensor, spec.ScalarType);
        }

        if (spec.ScalarType == ScalarType.Half && tensor.Type == ScalarType.Float && !tensor.IsConstant)
        {
            tensor = Convert(tensor, ScalarType.Half);
        }

        if (spec.Rank != tensor.Rank || spec.ScalarType != tensor.Type.Scalar)
        {
            throw new LoweringRefusal($"the result is {spec}, not the {tensor.Type.TorchName()} of rank {tensor.Rank} that the operator gives");
        }

        scope[node.Outputs[output].Name] = tensor;
    }

    private LoweredTensor Single(LoweredTensor tensor) => tensor.Type == ScalarType.Float ? tensor
        : tensor.Codes is { IsConstant: false } codes ? LoweredTensor.Dequantise(Writer, codes, ScalarType.Float)
        : tensor.IsConstant ? new LoweredTensor(tensor.Constant.To(ScalarType.Float)) : Convert(tensor, ScalarType.Float);

    /// <summary>A tensor of numbers in another type.</summary>
    public LoweredTensor Convert(LoweredTensor tensor, ScalarType type)
    {
        if (tensor.Type == type)
        {
            return tensor;
        }

        var form = tensor.NativeForm;
        return Writer.AddNode(PayloadNodeKind.Convert, [Writer.Read(tensor, form)], type, tensor.Sizes, form);
    }

    private LoweredTensor Checked(LoweredTensor tensor) => tensor.Type.Scalar == ScalarType.Char && !OperatorTable.Moves(node.Operator)
        ? throw new LoweringRefusal("operands of int8; payloads compute with codes only between quantisations")
        : tensor.Type.Scalar == Type ? tensor
        : throw new LoweringRefusal($"operands of {tensor.Type.TorchName()} and a result of {Type.TorchName()}");
}
