using System.Collections.Immutable;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>Puts arguments to the parameters of a schema, checks their kinds and turns them into arguments of a graph.</summary>
internal sealed class ArgumentBinder(GraphBuilder graph, OperatorSchema schema, string file, int line)
{
    public ImmutableArray<GraphNamedArgument> Bind(ReadOnlySpan<OperatorArgument> arguments)
    {
        var bound = new GraphArgument?[schema.Parameters.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            var at = argument.Name is null ? i : IndexOf(argument.Name);
            if (at < 0 || at >= bound.Length || bound[at] is not null)
            {
                throw Wrong(argument.Name is null ? "there are too many arguments" : $"the argument '{argument.Name}' is unknown or given twice",
                    string.Join(", ", schema.Parameters.Select(parameter => $"{parameter.Type} {parameter.Name}")), argument.Name ?? $"{arguments.Length} arguments");
            }

            if (argument.IsGiven)
            {
                bound[at] = Convert(schema.Parameters[at], argument.Value);
            }
        }

        var result = ImmutableArray.CreateBuilder<GraphNamedArgument>(bound.Length);
        for (var i = 0; i < bound.Length; i++)
        {
            var parameter = schema.Parameters[i];
            if (bound[i] is { } value)
            {
                result.Add(new GraphNamedArgument(parameter.Name, value));
            }
            else if (parameter.Default is null)
            {
                throw Wrong($"the argument '{parameter.Name}' is missing", $"{parameter.Type} {parameter.Name}", "nothing");
            }
        }

        return result.ToImmutable();
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < schema.Parameters.Length; i++)
        {
            if (schema.Parameters[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private GraphArgument Convert(OperatorParameter parameter, object? value)
    {
        var type = parameter.Type.TrimEnd('?');
        var element = type.IndexOf('[') is >= 0 and var open ? type[..open].TrimEnd('?') : type;
        var isList = element.Length != type.Length;
        return value switch
        {
            null when parameter.IsOptional => new GraphArgument.None(),
            TensorOperand tensor when type == "Tensor" => Reference(parameter, tensor),
            TensorOperand?[] tensors when isList && element == "Tensor" => new GraphArgument.List(
                [.. tensors.Select(item => item is null ? new GraphArgument.None() : (GraphArgument)Reference(parameter, item))]),
            SymbolicInt number when element is "int" or "SymInt" => isList && !type.EndsWith(']') ? throw Kind(parameter, value) : graph.ToArgument(number),
            SymbolicInt number when type is "Scalar" or "Tensor" => graph.ToArgument(number),
            SymbolicInt { IsConstant: true } number when type is "float" => new GraphArgument.Float(number.Value),
            SymbolicInt[] numbers when isList && element is "int" or "SymInt" => new GraphArgument.List([.. numbers.Select(graph.ToArgument)]),
            double number when type is "float" or "Scalar" or "Tensor" => new GraphArgument.Float(number),
            double[] numbers when isList && element == "float" => new GraphArgument.List([.. numbers.Select(number => (GraphArgument)new GraphArgument.Float(number))]),
            bool truth when type is "bool" or "Scalar" => new GraphArgument.Bool(truth),
            string text when type == "str" => new GraphArgument.Text(text),
            string text when type == "MemoryFormat" => new GraphArgument.Option("memory_format", text),
            string text when type is "Layout" or "Device" => new GraphArgument.Option(type.ToLowerInvariant(), text),
            ScalarType scalarType when type == "ScalarType" => new GraphArgument.DataType(scalarType),
            _ => throw Kind(parameter, value),
        };
    }

    private GraphArgument.Reference Reference(OperatorParameter parameter, TensorOperand operand)
    {
        if (parameter.IsWritten && operand is ModelTensor { Kind: not GraphInputKind.Buffer } weight)
        {
            throw Wrong($"'{parameter.Name}' is written, and the tensor never changes", "a buffer, or a value of the graph", weight.ToString());
        }

        return new GraphArgument.Reference(graph.Resolve(operand, schema.Name, file, line).Name);
    }

    private TandemException Kind(OperatorParameter parameter, object? value) => Wrong($"the argument '{parameter.Name}' is of the wrong kind", parameter.Type, value switch
    {
        null => "None",
        TensorOperand => "a tensor",
        TensorOperand?[] => "a list of tensors",
        SymbolicInt => "an integer",
        SymbolicInt[] => "a list of integers",
        double => "a float",
        double[] => "a list of floats",
        bool => "a truth value",
        string => "a string",
        _ => "an element type",
    });

    private TandemException Wrong(string problem, string expected, string found) => GraphBuilder.Wrong(schema.Name, problem, expected, found, file, line);
}
