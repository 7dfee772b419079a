using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads what the inputs and outputs of a method's graph are.</summary>
internal static class SignatureReader
{
    /// <summary>Reads what each input is, and finds its bytes.</summary>
    /// <param name="signature">The signature.</param>
    /// <param name="weights">Parameters and persistent buffers by qualified name.</param>
    /// <param name="constants">Other buffers and constants by qualified name.</param>
    /// <returns>One slot for each input of the graph.</returns>
    internal static ImmutableArray<InputSlot> ReadInputs(
        JsonElement signature, Dictionary<string, ImportedTensor> weights, Dictionary<string, ImportedTensor> constants)
    {
        var slots = ImmutableArray.CreateBuilder<InputSlot>();
        foreach (var item in signature.Get("input_specs").Items())
        {
            slots.Add(ReadInput(item, weights, constants));
        }

        return slots.ToImmutable();
    }

    /// <summary>Reads what each output is.</summary>
    /// <param name="signature">The signature.</param>
    /// <param name="graph">The graph that it describes.</param>
    /// <param name="inputs">What the graph's inputs are.</param>
    /// <returns>The signature.</returns>
    internal static GraphSignature Read(JsonElement signature, ExportedGraph graph, ImmutableArray<GraphInputSpec> inputs)
    {
        var specs = signature.Get("output_specs");
        if (specs.Count() != graph.Outputs.Length)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "signature and graph differ in their number of outputs",
                new ErrorDetails { Expected = $"{graph.Outputs.Length}", Found = $"{specs.Count()}" });
        }

        var outputs = ImmutableArray.CreateBuilder<GraphOutputSpec>(graph.Outputs.Length);
        foreach (var item in specs.Items())
        {
            outputs.Add(ReadOutput(item, graph.Outputs[outputs.Count], inputs));
        }

        return new GraphSignature(inputs, outputs.MoveToImmutable());
    }

    private static InputSlot ReadInput(JsonElement item, Dictionary<string, ImportedTensor> weights, Dictionary<string, ImportedTensor> constants)
    {
        var (tag, spec) = item.Union();
        switch (tag)
        {
            case "user_input":
                return new InputSlot(GraphInputKind.UserInput, null, null);
            case "constant_input":
                return new InputSlot(GraphInputKind.UserInput, null, null) { ValueName = spec.Get("name").Text() };
            case "parameter":
                return Stored(GraphInputKind.Parameter, spec.Get("parameter_name").Text(), weights, constants);
            case "buffer":
                var buffer = spec.Get("buffer_name").Text();
                var isPersistent = spec.Get("persistent").Boolean();
                var stored = isPersistent ? Stored(GraphInputKind.Buffer, buffer, weights, constants) : Stored(GraphInputKind.Buffer, buffer, constants, weights);
                return stored with { IsPersistent = isPersistent };
            case "tensor_constant":
                return Stored(GraphInputKind.Constant, spec.Get("tensor_constant_name").Text(), constants, weights);
            default:
                throw NotSupported("an input is of a kind that no program can have", tag);
        }

        InputSlot Stored(GraphInputKind kind, string name, Dictionary<string, ImportedTensor> first, Dictionary<string, ImportedTensor> second) =>
            first.TryGetValue(name, out var tensor) || second.TryGetValue(name, out tensor)
                ? new InputSlot(kind, name, tensor) { ValueName = spec.Get("arg").Get("name").Text() }
                : throw new TandemException(ErrorCode.ExportedProgramInvalid, "the archive has no bytes for an input",
                    new ErrorDetails { Location = $"input '{spec.Get("arg").Get("name").Text()}'", Found = name, NextStep = "export the model with its weights" });
    }

    private static GraphOutputSpec ReadOutput(JsonElement item, GraphArgument output, ImmutableArray<GraphInputSpec> inputs)
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

    private static TandemException NotSupported(string problem, string found) => new(ErrorCode.ExportedProgramNotSupported, problem, new ErrorDetails
    {
        Found = found,
        NextStep = "export the model for inference, without tokens, script objects and gradients",
    });
}
