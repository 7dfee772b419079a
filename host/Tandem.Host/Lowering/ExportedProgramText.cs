using System.Globalization;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Writes programs as text for people: what --dump-after shows. Equal programs give equal text.</summary>
/// <remarks>
/// One line for each input, node and output; nested graphs are indented under their node:
/// <code>
/// method forward
///   parameter %p_l_weight: float32 [3, 4] = "l.weight"
///   input %x: float32 [s0[1..16], 4]
///   %linear: float32 [s0[1..16], 3] = aten::linear(input=%x, weight=%p_l_weight)
///   return %linear
/// </code>
/// </remarks>
internal static class ExportedProgramText
{
    /// <summary>Writes all methods.</summary>
    /// <param name="program">The program.</param>
    /// <returns>The text; lines end with a line feed.</returns>
    public static string Write(ExportedProgram program) => string.Join('\n', program.Methods.Select(Write));

    /// <summary>Writes a method.</summary>
    /// <param name="method">The method.</param>
    /// <returns>The text; lines end with a line feed.</returns>
    public static string Write(ExportedMethod method)
    {
        var text = new StringBuilder().Append("method ").Append(method.Name).Append('\n');
        for (var i = 0; i < method.Graph.Inputs.Length; i++)
        {
            var spec = i < method.Signature.Inputs.Length ? method.Signature.Inputs[i] : null;
            WriteInput(text, method.Graph.Inputs[i], spec, spec?.QualifiedName is { } name && method.Signature.IsMutated(name));
        }

        WriteNodes(text, method.Graph, 1);
        for (var i = 0; i < method.Graph.Outputs.Length; i++)
        {
            var spec = i < method.Signature.Outputs.Length ? method.Signature.Outputs[i] : null;
            text.Append("  ").Append(spec?.Kind switch
            {
                GraphOutputKind.BufferMutation => $"mutate buffer \"{spec.TargetName}\" = ",
                GraphOutputKind.UserInputMutation => $"mutate input %{spec.TargetName} = ",
                _ => "return ",
            });
            WriteArgument(text, method.Graph.Outputs[i], 1);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void WriteInput(StringBuilder text, GraphValue value, GraphInputSpec? spec, bool isMutated)
    {
        text.Append("  ").Append(spec?.Kind switch
        {
            GraphInputKind.Parameter => "parameter ",
            GraphInputKind.Constant => "constant ",
            GraphInputKind.Buffer => $"{(isMutated ? "mutated " : "")}{(spec.IsPersistent ? "" : "non-persistent ")}buffer ",
            _ => "input ",
        });
        WriteValue(text, value);
        if (spec?.QualifiedName is { } name)
        {
            text.Append(" = ");
            WriteText(text, name);
        }

        if (spec?.Tensor is { } tensor && (!tensor.Spec.Strides.IsDefault || tensor.Spec.StorageOffset is not { IsConstant: true, Value: 0 }))
        {
            text.Append(" of ").Append(tensor.Storage.Length.ToString(CultureInfo.InvariantCulture)).Append(" bytes");
        }

        if (spec?.TracedValue is { } traced)
        {
            text.Append(" traced as ");
            WriteArgument(text, traced, 1);
        }

        text.Append('\n');
    }

    private static void WriteNodes(StringBuilder text, ExportedGraph graph, int depth)
    {
        foreach (var node in graph.Nodes)
        {
            text.Append(' ', 2 * depth);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                text.Append(i > 0 ? ", " : "");
                WriteValue(text, node.Outputs[i]);
            }

            text.Append(node.Outputs.Length > 0 ? " = " : "").Append(node.FullName).Append('(');
            for (var i = 0; i < node.Arguments.Length; i++)
            {
                text.Append(i > 0 ? ", " : "").Append(node.Arguments[i].Name).Append('=');
                WriteArgument(text, node.Arguments[i].Value, depth);
            }

            text.Append(')');
            if (node.Outputs.Length != 1 || node.Outputs[0].Name != node.Name)
            {
                text.Append(" as ").Append(node.Name);
            }

            text.Append('\n');
        }
    }

    private static void WriteValue(StringBuilder text, GraphValue value)
    {
        text.Append('%').Append(value.Name);
        if (value.Tensor is { } tensor)
        {
            text.Append(": ").Append(tensor);
            if (!tensor.Strides.IsDefault)
            {
                text.Append(" strides [").AppendJoin(", ", tensor.Strides).Append(']');
            }

            if (tensor.StorageOffset is not { IsConstant: true, Value: 0 })
            {
                text.Append(" offset ").Append(tensor.StorageOffset);
            }
        }
        else if (value.Integer is { } integer)
        {
            text.Append(": ").Append(integer);
        }
    }

    private static void WriteArgument(StringBuilder text, GraphArgument argument, int depth)
    {
        switch (argument)
        {
            case GraphArgument.Reference reference:
                text.Append('%').Append(reference.Name);
                break;
            case GraphArgument.None:
                text.Append("None");
                break;
            case GraphArgument.Int number:
                text.Append(number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case GraphArgument.Symbolic symbolic:
                text.Append(symbolic.Value);
                break;
            case GraphArgument.Float number:
                WriteFloat(text, number.Value);
                break;
            case GraphArgument.Bool truth:
                text.Append(truth.Value ? "True" : "False");
                break;
            case GraphArgument.Text words:
                WriteText(text, words.Value);
                break;
            case GraphArgument.DataType type:
                text.Append(type.Value.TorchName());
                break;
            case GraphArgument.Option option:
                text.Append(option.Value);
                break;
            case GraphArgument.Complex complex:
                text.Append('(');
                WriteFloat(text, complex.Real);
                text.Append(" + ");
                WriteFloat(text, complex.Imaginary);
                text.Append("j)");
                break;
            case GraphArgument.Subgraph subgraph:
                WriteSubgraph(text, subgraph.Value, depth);
                break;
            case GraphArgument.List list:
                text.Append('[');
                for (var i = 0; i < list.Items.Length; i++)
                {
                    text.Append(i > 0 ? ", " : "");
                    WriteArgument(text, list.Items[i], depth);
                }

                text.Append(']');
                break;
            default:
                text.Append(argument);
                break;
        }
    }

    private static void WriteSubgraph(StringBuilder text, ExportedGraph graph, int depth)
    {
        text.Append("{\n").Append(' ', (2 * depth) + 2).Append("input");
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            text.Append(i > 0 ? ", " : " ");
            WriteValue(text, graph.Inputs[i]);
        }

        text.Append('\n');
        WriteNodes(text, graph, depth + 1);
        text.Append(' ', (2 * depth) + 2).Append("return");
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            text.Append(i > 0 ? ", " : " ");
            WriteArgument(text, graph.Outputs[i], depth + 1);
        }

        text.Append('\n').Append(' ', 2 * depth).Append('}');
    }

    // A float shows that it is one.
    private static void WriteFloat(StringBuilder text, double value)
    {
        var digits = value.ToString("R", CultureInfo.InvariantCulture);
        text.Append(digits).Append(digits.AsSpan().IndexOfAnyExcept("-0123456789") < 0 ? ".0" : "");
    }

    private static void WriteText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var character in value)
        {
            text.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                < ' ' => $"\\x{(int)character:x2}",
                _ => character.ToString(),
            });
        }

        text.Append('"');
    }
}
