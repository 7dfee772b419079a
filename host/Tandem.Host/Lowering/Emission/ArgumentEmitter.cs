using System.Collections.Immutable;
using System.Globalization;
using Tandem.Host.Formats.Model;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Turns arguments of nodes into values, as the type of the operator's parameter asks.</summary>
/// <param name="code">Receives the values.</param>
/// <param name="valueOf">Finds the value of a name of the graph.</param>
internal sealed class ArgumentEmitter(MethodCode code, Func<string, int> valueOf)
{
    /// <summary>The value of an argument.</summary>
    /// <param name="node">The node, for messages.</param>
    /// <param name="parameter">The operator's parameter.</param>
    /// <returns>A value index.</returns>
    internal int Emit(GraphNode node, OperatorParameter parameter)
    {
        var argument = node.Find(parameter.Name) ?? (parameter.Default is { } standard ? SchemaLiteral.Parse(standard)
            : parameter.IsOptional ? new GraphArgument.None()
            : throw EmissionError.Node(node, "an argument is missing", parameter.Name, "nothing"));
        var type = parameter.Type.TrimEnd('?');
        if (argument is GraphArgument.None)
        {
            // An absent tensor where the operator wants one is an empty tensor of bytes.
            return type == "Tensor" && !parameter.IsOptional
                ? code.Add(new EmittedValue(null, new TensorLayout(ScalarType.Byte, [0]), new TensorStorage(StorageKind.Intermediate, 0)))
                : code.Literal(new ValueModel.None());
        }

        return type.EndsWith(']') ? EmitList(node, parameter, type, argument) : EmitOne(node, parameter.Name, type, argument);
    }

    /// <summary>The value of an argument of an operator without a schema of its own: symbolic arithmetic.</summary>
    internal int EmitScalar(GraphNode node, string name, GraphArgument argument) => EmitOne(node, name, "Scalar", argument);

    private int EmitOne(GraphNode node, string name, string type, GraphArgument argument) => argument switch
    {
        GraphArgument.Reference reference => valueOf(reference.Name),
        GraphArgument.None => code.Literal(new ValueModel.None()),
        GraphArgument.Int { Value: var value } => type switch
        {
            "float" => code.Literal(new ValueModel.Double(value)),
            "bool" => code.Literal(new ValueModel.Bool(value != 0)),
            _ => code.Int(value),
        },
        GraphArgument.Symbolic { Value: { IsConstant: true } value } => code.Int(value.Value),
        GraphArgument.Float { Value: var value } => code.Literal(new ValueModel.Double(value)),
        GraphArgument.Bool { Value: var value } => type is "int" or "SymInt" ? code.Int(value ? 1 : 0) : code.Literal(new ValueModel.Bool(value)),
        GraphArgument.Text { Value: var value } => code.Literal(new ValueModel.String(value)),
        GraphArgument.DataType { Value: var value } => code.Int((int)value),
        GraphArgument.Option option => EmitOption(node, name, option),
        _ => throw Unsupported(node, name, type, argument),
    };

    // Numbers as PyTorch's enumerations have them; a program runs on the CPU whatever device it was traced on.
    private int EmitOption(GraphNode node, string name, GraphArgument.Option option) => option switch
    {
        { Kind: "device" } => code.Literal(new ValueModel.None()),
        { Kind: "layout", Value: "strided" } => code.Int(0),
        { Kind: "memory_format", Value: "contiguous_format" } => code.Int(0),
        { Kind: "memory_format", Value: "preserve_format" } => code.Int(1),
        { Kind: "memory_format", Value: "channels_last" } => code.Int(2),
        { Kind: "memory_format", Value: "channels_last_3d" } => code.Int(3),
        _ => throw Unsupported(node, name, option.Kind, option),
    };

    private int EmitList(GraphNode node, OperatorParameter parameter, string type, GraphArgument argument)
    {
        var open = type.LastIndexOf('[');
        var element = type[..open];
        var count = type.AsSpan(open + 1, type.Length - open - 2);
        if (argument is GraphArgument.Reference { Name: var name })
        {
            // A list that a node computed.
            return valueOf(name);
        }

        var items = argument is GraphArgument.List list ? list.Items
            : [.. Enumerable.Repeat(argument, count.IsEmpty ? 1 : int.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture))];
        switch (element)
        {
            case "Tensor":
                return code.Add(new EmittedValue(new ValueModel.TensorList([.. items.Select(item => EmitOne(node, parameter.Name, element, item))])));
            case "Tensor?":
                return code.Add(new EmittedValue(new ValueModel.OptionalTensorList(
                    [.. items.Select(item => item is GraphArgument.None ? -1 : EmitOne(node, parameter.Name, element, item))])));
            case "float" or "Scalar" when items.All(item => item is GraphArgument.Float or GraphArgument.Int) && (element == "float" || items.Any(item => item is GraphArgument.Float)):
                return code.Add(new EmittedValue(new ValueModel.DoubleList(
                    [.. items.Select(item => item is GraphArgument.Float { Value: var real } ? real : ((GraphArgument.Int)item).Value)])));
            case "bool" when items.All(item => item is GraphArgument.Bool or GraphArgument.Int):
                return code.Add(new EmittedValue(new ValueModel.BoolList([.. items.Select(item => item is GraphArgument.Bool { Value: true } or GraphArgument.Int { Value: not 0 })])));
            case "int" or "SymInt" or "Scalar":
                return code.IntList([.. items.Select(item => EmitOne(node, parameter.Name, element, item))]);
            default:
                throw Unsupported(node, parameter.Name, type, argument);
        }
    }

    private static TandemException Unsupported(GraphNode node, string name, string type, GraphArgument argument) => EmissionError.Node(node,
        $"argument '{name}' cannot be written into a program", type, argument is GraphArgument.Symbolic symbolic ? symbolic.Value.ToString() : argument.GetType().Name);
}
