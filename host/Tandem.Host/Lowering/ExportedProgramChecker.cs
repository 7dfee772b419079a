using Tandem.Host.Import.Models;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Checks that a program is one: what passes, partitioners and the emitter rely on. Runs after import and between passes.</summary>
/// <remarks>
/// Every value is set once, before it is used, and its name is unique in its method, nested graphs included; so are names of nodes. Specs are possible.
/// Arguments are those of the operator's schema. The signature fits the graph, and tensors with bytes lie inside their storage.
/// </remarks>
internal static class ExportedProgramChecker
{
    /// <summary>Checks a program.</summary>
    /// <param name="program">The program.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ExportedProgramInvalid"/>, which names method and node.</exception>
    public static void Check(ExportedProgram program)
    {
        if (program.Methods.IsDefaultOrEmpty)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "the program has no method");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var method in program.Methods)
        {
            if (!names.Add(method.Name))
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "two methods have one name", new ErrorDetails { Found = method.Name });
            }

            Check(method);
        }
    }

    /// <summary>Checks a method.</summary>
    /// <param name="method">The method.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ExportedProgramInvalid"/>, which names method and node.</exception>
    public static void Check(ExportedMethod method)
    {
        try
        {
            if (method.Name.Length == 0)
            {
                throw Invalid("a method has no name");
            }

            var names = new MethodNames();
            var values = CheckGraph(method.Graph, names, method.Name);
            CheckInputs(method);
            CheckOutputs(method, values);
        }
        catch (TandemException error) when (error.Details.Location is null)
        {
            throw error.With(new ErrorDetails { Location = $"method '{method.Name}'" });
        }
    }

    private static Dictionary<string, GraphValue> CheckGraph(ExportedGraph graph, MethodNames names, string method)
    {
        var values = new Dictionary<string, GraphValue>(StringComparer.Ordinal);
        foreach (var input in graph.Inputs)
        {
            Define(input, values, names);
        }

        foreach (var node in graph.Nodes)
        {
            try
            {
                CheckNode(node, values, names, method);
            }
            catch (TandemException error) when (error.Details.Location is null)
            {
                throw error.With(new ErrorDetails { Location = Describe(node, method) });
            }
        }

        foreach (var output in graph.Outputs)
        {
            CheckReferences(output, values);
        }

        return values;
    }

    private static void CheckNode(GraphNode node, Dictionary<string, GraphValue> values, MethodNames names, string method)
    {
        if (node.Name.Length == 0 || !names.Nodes.Add(node.Name))
        {
            throw Invalid("a node's name is empty or taken", "names that are unique in the method", $"'{node.Name}'");
        }

        if (node.Operator.IndexOf("::", StringComparison.Ordinal) <= 0)
        {
            throw Invalid("a node's operator has no namespace", "as in aten::add", node.Operator);
        }

        foreach (var argument in node.Arguments)
        {
            CheckReferences(argument.Value, values);
            foreach (var nested in Subgraphs(argument.Value))
            {
                CheckGraph(nested, names, method);
            }
        }

        CheckSchema(node);
        foreach (var output in node.Outputs)
        {
            Define(output, values, names);
        }
    }

    // Operators that the table does not know are checked by whoever brings them.
    private static void CheckSchema(GraphNode node)
    {
        for (var i = 0; i < node.Arguments.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (node.Arguments[i].Name == node.Arguments[j].Name)
                {
                    throw Invalid("an argument is given twice", null, node.Arguments[i].Name);
                }
            }
        }

        if (!OperatorTable.TryGet(node.FullName, out var schema))
        {
            return;
        }

        foreach (var argument in node.Arguments)
        {
            if (schema.Find(argument.Name) is null)
            {
                throw Invalid($"{node.FullName} has no such parameter", string.Join(", ", schema.Parameters.Select(parameter => parameter.Name)), argument.Name);
            }
        }

        foreach (var parameter in schema.Parameters)
        {
            if (parameter.Default is null && node.Find(parameter.Name) is null)
            {
                throw Invalid($"{node.FullName} lacks an argument", parameter.Name);
            }
        }

        if (!schema.Returns.Any(type => type.EndsWith(']')) && node.Outputs.Length != schema.Returns.Length)
        {
            throw Invalid($"{node.FullName} has another number of results", $"{schema.Returns.Length}", $"{node.Outputs.Length}");
        }
    }

    private static void Define(GraphValue value, Dictionary<string, GraphValue> values, MethodNames names)
    {
        if (value.Name.Length == 0 || !names.Values.Add(value.Name))
        {
            throw Invalid("a value is set twice", "names that are unique in the method, nested graphs included", $"'{value.Name}'");
        }

        if (value.Tensor is { } tensor)
        {
            CheckSpec(tensor, value.Name);
        }

        values.Add(value.Name, value);
    }

    private static void CheckReferences(GraphArgument argument, Dictionary<string, GraphValue> values)
    {
        if (argument is GraphArgument.Reference reference)
        {
            if (!values.ContainsKey(reference.Name))
            {
                throw Invalid("a value is used that nothing has set", "an input, or a result of an earlier node of the same graph", $"'{reference.Name}'");
            }
        }
        else if (argument is GraphArgument.List list)
        {
            foreach (var item in list.Items)
            {
                CheckReferences(item, values);
            }
        }
    }

    private static IEnumerable<ExportedGraph> Subgraphs(GraphArgument argument) => argument switch
    {
        GraphArgument.Subgraph subgraph => [subgraph.Value],
        GraphArgument.List list => list.Items.SelectMany(Subgraphs),
        _ => [],
    };

    private static void CheckSpec(TensorSpec spec, string name)
    {
        var seen = 0u;
        foreach (var dim in spec.DimOrder)
        {
            seen |= dim < 32 ? 1u << dim : 0;
        }

        if (spec.ScalarType.Size() == 0 || spec.Rank > TensorLayout.MaxRank || spec.DimOrder.Length != spec.Rank || seen != (1u << spec.Rank) - 1
            || (!spec.Strides.IsDefault && spec.Strides.Length != spec.Rank))
        {
            throw Invalid("a tensor is impossible",
                $"a known dtype, at most {TensorLayout.MaxRank} dimensions, each once in the dim order, one stride each", $"'{name}', {spec}");
        }

        if (spec.Sizes.Any(size => size.Minimum < 0) || spec.StorageOffset.Minimum < 0)
        {
            throw Invalid("a size or offset may be negative", "0 or more", $"'{name}', {spec}");
        }
    }

    private static void CheckInputs(ExportedMethod method)
    {
        var (graph, signature) = (method.Graph, method.Signature);
        if (graph.Inputs.Length != signature.Inputs.Length)
        {
            throw Invalid("signature and graph differ in their number of inputs", $"{graph.Inputs.Length}", $"{signature.Inputs.Length}");
        }

        var qualified = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            var (value, spec) = (graph.Inputs[i], signature.Inputs[i]);
            if (value.Name != spec.ValueName)
            {
                throw Invalid("the signature's inputs are not in the order of the graph's", value.Name, spec.ValueName);
            }

            if (spec.Kind == GraphInputKind.UserInput)
            {
                if (spec.QualifiedName is not null || spec.Tensor is not null || (spec.TracedValue is not null && value.Tensor is not null))
                {
                    throw Invalid("a user input has bytes, a name in the model or, being a tensor, a traced value", null, $"'{value.Name}'");
                }

                continue;
            }

            if (spec.QualifiedName is not { Length: > 0 } name || !qualified.Add(name))
            {
                throw Invalid("an input's name in the model is missing or taken", "unique names", $"'{spec.QualifiedName}' of '{value.Name}'");
            }

            if (value.Tensor is null || (spec.Tensor is null && spec.Kind != GraphInputKind.Buffer))
            {
                throw Invalid("an input has no tensor", "a tensor with bytes", $"'{value.Name}' ({name})");
            }

            if (spec.Tensor is { } tensor)
            {
                CheckBytes(value, name, tensor);
            }
        }
    }

    private static void CheckBytes(GraphValue value, string name, ExportedTensor tensor)
    {
        if (value.Tensor!.ScalarType != tensor.Spec.ScalarType || !value.Tensor.Sizes.AsSpan().SequenceEqual(tensor.Spec.Sizes.AsSpan()))
        {
            throw Invalid("an input and its bytes differ in dtype or sizes", value.Tensor.ToString(), $"'{value.Name}' ({name}), {tensor.Spec}");
        }

        try
        {
            TensorExtent.Check(tensor.Spec, tensor.Storage);
        }
        catch (TandemException error)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, error.Problem,
                new ErrorDetails { Expected = error.Details.Expected, Found = $"'{value.Name}' ({name}), {error.Details.Found}" }, error);
        }
    }

    private static void CheckOutputs(ExportedMethod method, Dictionary<string, GraphValue> values)
    {
        var (graph, signature) = (method.Graph, method.Signature);
        if (graph.Outputs.Length != signature.Outputs.Length)
        {
            throw Invalid("signature and graph differ in their number of outputs", $"{graph.Outputs.Length}", $"{signature.Outputs.Length}");
        }

        var targets = new HashSet<(GraphOutputKind, string)>();
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var (output, spec) = (graph.Outputs[i], signature.Outputs[i]);
            if (spec.Kind == GraphOutputKind.UserOutput)
            {
                if (spec.TargetName is not null)
                {
                    throw Invalid("a user output has a target", null, $"output {i}, '{spec.TargetName}'");
                }

                continue;
            }

            var target = signature.Inputs.FirstOrDefault(input => spec.Kind == GraphOutputKind.BufferMutation
                ? input.Kind == GraphInputKind.Buffer && input.QualifiedName == spec.TargetName
                : input.Kind == GraphInputKind.UserInput && input.ValueName == spec.TargetName);
            if (target is null || !targets.Add((spec.Kind, spec.TargetName!)))
            {
                throw Invalid("an output changes what is no input, or what another output changes", "one buffer or user input", $"output {i}, '{spec.TargetName}'");
            }

            var expected = values[target.ValueName].Tensor;
            var found = output is GraphArgument.Reference reference ? values[reference.Name].Tensor : null;
            if (expected is null || found is null || expected.ScalarType != found.ScalarType || !SameSizes(expected, found))
            {
                throw Invalid("an output and what it changes differ in dtype or sizes", $"{expected}", $"output {i}, {found}");
            }
        }
    }

    private static bool SameSizes(TensorSpec left, TensorSpec right)
    {
        if (left.Rank != right.Rank)
        {
            return false;
        }

        for (var i = 0; i < left.Rank; i++)
        {
            if (!left.Sizes[i].IsSameAs(right.Sizes[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static string Describe(GraphNode node, string method)
    {
        var line = SourceLines.Innermost(node.SourceLocation);
        return $"node '{node.Name}' ({node.FullName}) of method '{method}'{(line is null ? "" : $" ({line})")}";
    }

    private static TandemException Invalid(string problem, string? expected = null, string? found = null) =>
        new(ErrorCode.ExportedProgramInvalid, problem, new ErrorDetails { Expected = expected, Found = found });

    private sealed class MethodNames
    {
        public HashSet<string> Values { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Nodes { get; } = new(StringComparer.Ordinal);
    }
}
