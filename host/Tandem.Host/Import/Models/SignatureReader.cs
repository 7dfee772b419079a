using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads what the inputs and outputs of a method's graph are.</summary>
internal static class SignatureReader
{
    /// <summary>The names of inputs that the graph itself leaves without one: constants that a caller gives.</summary>
    internal static string?[] ConstantNames(JsonElement signature) =>
        [.. signature.Get("input_specs").Items().Select(item => item.Union() is ("constant_input", var constant) ? constant.Get("name").Text() : null)];

    /// <summary>Reads the signature.</summary>
    /// <param name="signature">The signature.</param>
    /// <param name="graph">The graph that it describes.</param>
    /// <param name="traced">What inputs that are no values were traced with.</param>
    /// <param name="weights">Parameters and persistent buffers by qualified name.</param>
    /// <param name="constants">Other buffers and constants by qualified name.</param>
    /// <returns>The signature.</returns>
    internal static GraphSignature Read(JsonElement signature, ExportedGraph graph, ImmutableArray<GraphArgument?> traced,
        Dictionary<string, ExportedTensor> weights, Dictionary<string, ExportedTensor> constants)
    {
        var inputs = ImmutableArray.CreateBuilder<GraphInputSpec>(graph.Inputs.Length);
        foreach (var item in signature.Get("input_specs").Items())
        {
            if (inputs.Count >= graph.Inputs.Length)
            {
                throw Mismatch("inputs", graph.Inputs.Length, signature.Get("input_specs").Count());
            }

            inputs.Add(ReadInput(item, graph.Inputs[inputs.Count], traced[inputs.Count], weights, constants));
        }

        var outputs = ImmutableArray.CreateBuilder<GraphOutputSpec>(graph.Outputs.Length);
        foreach (var item in signature.Get("output_specs").Items())
        {
            if (outputs.Count >= graph.Outputs.Length)
            {
                throw Mismatch("outputs", graph.Outputs.Length, signature.Get("output_specs").Count());
            }

            outputs.Add(ReadOutput(item, graph.Outputs[outputs.Count], inputs));
        }

        return inputs.Count != graph.Inputs.Length ? throw Mismatch("inputs", graph.Inputs.Length, inputs.Count)
            : outputs.Count != graph.Outputs.Length ? throw Mismatch("outputs", graph.Outputs.Length, outputs.Count)
            : new GraphSignature(inputs.MoveToImmutable(), outputs.MoveToImmutable());
    }

    private static GraphInputSpec ReadInput(JsonElement item, GraphValue value, GraphArgument? traced,
        Dictionary<string, ExportedTensor> weights, Dictionary<string, ExportedTensor> constants)
    {
        var (tag, spec) = item.Union();
        switch (tag)
        {
            case "user_input" or "constant_input":
                return new GraphInputSpec(GraphInputKind.UserInput, value.Name) { TracedValue = traced };
            case "parameter":
                return Stored(GraphInputKind.Parameter, spec.Get("parameter_name").Text(), weights, constants);
            case "buffer":
                var isPersistent = spec.Get("persistent").Boolean();
                var buffer = spec.Get("buffer_name").Text();
                var stored = isPersistent ? Stored(GraphInputKind.Buffer, buffer, weights, constants) : Stored(GraphInputKind.Buffer, buffer, constants, weights);
                return stored with { IsPersistent = isPersistent };
            case "tensor_constant":
                return Stored(GraphInputKind.Constant, spec.Get("tensor_constant_name").Text(), constants, weights);
            default:
                throw NotSupported("an input is of a kind that no program can have", tag);
        }

        GraphInputSpec Stored(GraphInputKind kind, string name, Dictionary<string, ExportedTensor> first, Dictionary<string, ExportedTensor> second)
        {
            if (spec.Get("arg").Get("name").Text() != value.Name)
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "the signature's inputs are not in the order of the graph's",
                    new ErrorDetails { Location = $"input '{name}'", Expected = value.Name, Found = spec.Get("arg").Get("name").Text() });
            }

            if (!first.TryGetValue(name, out var tensor) && !second.TryGetValue(name, out tensor))
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "the archive has no bytes for an input",
                    new ErrorDetails { Location = $"input '{value.Name}'", Found = name, NextStep = "export the model with its weights" });
            }

            if (value.Tensor is null || value.Tensor.ScalarType != tensor.Spec.ScalarType || !value.Tensor.Sizes.AsSpan().SequenceEqual(tensor.Spec.Sizes.AsSpan()))
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "an input and its bytes differ in dtype or sizes",
                    new ErrorDetails { Location = $"input '{value.Name}' ({name})", Expected = $"{value.Tensor}", Found = tensor.Spec.ToString() });
            }

            return new GraphInputSpec(kind, value.Name) { QualifiedName = name, Tensor = tensor };
        }
    }

    private static GraphOutputSpec ReadOutput(JsonElement item, GraphArgument output, ImmutableArray<GraphInputSpec>.Builder inputs)
    {
        var (tag, spec) = item.Union();
        switch (tag)
        {
            case "user_output" or "loss_output":
                return new GraphOutputSpec(GraphOutputKind.UserOutput);
            case "buffer_mutation":
                return Mutation(GraphOutputKind.BufferMutation, spec.Get("buffer_name").Text(),
                    name => inputs.Any(input => input.Kind == GraphInputKind.Buffer && input.QualifiedName == name));
            case "user_input_mutation":
                return Mutation(GraphOutputKind.UserInputMutation, spec.Get("user_input_name").Text(),
                    name => inputs.Any(input => input.Kind == GraphInputKind.UserInput && input.ValueName == name));
            default:
                throw NotSupported("an output is of a kind that no program can have", tag);
        }

        GraphOutputSpec Mutation(GraphOutputKind kind, string target, Func<string, bool> exists)
        {
            var name = spec.Get("arg").Get("name").Text();
            if (output is not GraphArgument.Reference reference || reference.Name != name)
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "the signature's outputs are not in the order of the graph's",
                    new ErrorDetails { Location = $"mutation of '{target}'", Expected = output.ToString(), Found = name });
            }

            return exists(target) ? new GraphOutputSpec(kind, target)
                : throw new TandemException(ErrorCode.ExportedProgramInvalid, "an output changes what is no input", new ErrorDetails { Found = target });
        }
    }

    private static TandemException Mismatch(string what, int expected, int found) =>
        new(ErrorCode.ExportedProgramInvalid, $"signature and graph differ in their number of {what}", new ErrorDetails { Expected = $"{expected}", Found = $"{found}" });

    private static TandemException NotSupported(string problem, string found) => new(ErrorCode.ExportedProgramNotSupported, problem, new ErrorDetails
    {
        Found = found,
        NextStep = "export the model for inference, without tokens, script objects and gradients",
    });
}
