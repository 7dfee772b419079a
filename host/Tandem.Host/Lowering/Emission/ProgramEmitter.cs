using System.Collections.Immutable;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Host.Lowering.Planning;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Plans the memory of a lowered program and turns it into what a file holds. Equal programs give equal images.</summary>
internal static class ProgramEmitter
{
    /// <summary>Emits a program.</summary>
    /// <param name="program">Methods in edge dialect, with delegate calls.</param>
    /// <param name="options">How it is planned and emitted.</param>
    /// <returns>The program, to be written by <see cref="ProgramWriter"/>: methods sorted by name, then constant methods.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.OperatorMissing"/>: a node that no instruction expresses. <see cref="ErrorCode.TensorInvalid"/>: a tensor without an upper
    /// bound, or outside its storage. <see cref="ErrorCode.NamedDataConflict"/>: external constants with one name and different bytes.
    /// </exception>
    internal static ProgramImage Emit(LoweredProgram program, EmissionOptions options)
    {
        var constants = new ConstantPool(options);
        var mutableBuffers = program.Methods.SelectMany(method => method.Method.Signature.Outputs)
            .Where(output => output.Kind == GraphOutputKind.BufferMutation && output.TargetName is not null).Select(output => output.TargetName!).ToHashSet(StringComparer.Ordinal);
        LoweredMethod[] methods = [.. program.Methods.OrderBy(method => method.Method.Name, StringComparer.Ordinal)];
        var plans = MemoryPlanner.Plan([.. methods.Select(method => EmitForms(method, constants, mutableBuffers, options))], options);
        return new ProgramImage(
            [.. plans.Select((item, i) => BuildPlan(methods[i].Method, item.Code, item.Sizes)), .. options.ConstantMethods.Select(BuildConstantMethod)])
        {
            Constants = constants.Constants,
            MutableData = constants.MutableData,
            NamedData = NamedData(program.NamedData, options, tag: null),
            DataFiles = DataFiles(program.NamedData, constants.External, options),
        };
    }

    // With inputs that keep their memory, and with results written over inputs where that is possible.
    private static ImmutableArray<MethodCode> EmitForms(LoweredMethod method, ConstantPool constants, IReadOnlySet<string> mutableBuffers, EmissionOptions options)
    {
        var kept = EmitForm(overInputs: false, out _);
        var over = EmitForm(overInputs: true, out var isOverInput);
        return isOverInput ? [kept, over] : [kept];

        MethodCode EmitForm(bool overInputs, out bool isOverInput)
        {
            var emitter = new MethodEmitter(method, constants, mutableBuffers, options.CancellationToken);
            var code = emitter.Emit();
            isOverInput = InPlacePlanner.Run(code, overInputs);
            EmitWriteBacks(emitter, code);
            return code;
        }
    }

    // All new values are there before the first buffer changes: one that lies in another buffer is taken aside.
    private static void EmitWriteBacks(MethodEmitter emitter, MethodCode code)
    {
        var copies = new List<(int Source, int Target)>();
        foreach (var (source, target) in code.WriteBacks)
        {
            var (from, to) = (code.Values[source].Storage!, code.Values[target].Storage!);
            if (!ReferenceEquals(from.Root, to.Root))
            {
                copies.Add((from.Kind is StorageKind.Buffer or StorageKind.Input ? emitter.EmitClone(source, StorageKind.Intermediate) : source, target));
            }
        }

        foreach (var (source, target) in copies)
        {
            emitter.EmitCopy(source, target);
        }

        code.WriteBacks.Clear();
    }

    private static PlanImage BuildPlan(ExportedMethod method, MethodCode code, ImmutableArray<long> sizes)
    {
        var operators = new List<string>();
        var instructions = ImmutableArray.CreateBuilder<InstructionModel>(code.Instructions.Count);
        foreach (var item in code.Instructions)
        {
            if (item.Operator is null)
            {
                instructions.Add(item.Model);
                continue;
            }

            var index = operators.IndexOf(item.Operator);
            if (index < 0)
            {
                index = operators.Count;
                operators.Add(item.Operator);
            }

            instructions.Add((InstructionModel.KernelCall)item.Model with { OperatorIndex = index });
        }

        var plan = new ExecutionPlanModel
        {
            Name = method.Name,
            Values = [.. code.Values.Select(BuildValue)],
            Inputs = [.. code.Inputs],
            Outputs = [.. code.Outputs],
            Chains = [instructions.MoveToImmutable()],
            Operators = [.. operators],
            Delegates = [],
            PlannedBufferSizes = sizes,
            PlannedBufferDevices = [],
            EncodedInputs = method.InputTree.Length > 0 ? method.InputTree : ContainerStrings.Arguments(code.Inputs.Count),
            EncodedOutputs = method.OutputTree.Length > 0 ? method.OutputTree : ContainerStrings.Results(code.Outputs.Count),
        };
        return new PlanImage(plan, [.. code.Delegates]) { Origins = [.. code.Instructions.Select(item => item.Origin)] };
    }

    private static ValueModel BuildValue(EmittedValue value)
    {
        if (value.Value is { } model)
        {
            return model;
        }

        var storage = value.Storage!;
        var kind = storage.ModelKind;
        // Only the buffer itself is named and initialised; other tensors over its memory are views of it.
        var isBuffer = storage.Kind != StorageKind.Buffer || value.IsBuffer;
        return new ValueModel.Tensor
        {
            Layout = value.Layout!,
            Dynamism = value.IsDynamic ? ShapeDynamism.DynamicBound : ShapeDynamism.Static,
            Storage = isBuffer ? kind : TensorStorageKind.Planned,
            DataIndex = isBuffer ? storage.DataIndex : 0,
            MemoryId = storage.MemoryId,
            MemoryOffset = storage.Offset,
            Name = isBuffer ? storage.Name : null,
        };
    }

    private static PlanImage BuildConstantMethod(ConstantMethod method)
    {
        ImmutableArray<ValueModel> values = [.. method.Values.Select(value => value switch
        {
            GraphArgument.Int { Value: var number } => (ValueModel)new ValueModel.Int(number),
            GraphArgument.Float { Value: var number } => new ValueModel.Double(number),
            GraphArgument.Bool { Value: var truth } => new ValueModel.Bool(truth),
            GraphArgument.Text { Value: var text } => new ValueModel.String(text),
            _ => throw new TandemException(ErrorCode.ArgumentInvalid, "a constant method returns integers, floats, truth values and strings",
                new ErrorDetails { Location = method.Name, Found = value.GetType().Name }),
        })];
        return new PlanImage(new ExecutionPlanModel
        {
            Name = method.Name,
            Values = values,
            Inputs = [],
            Outputs = [.. Enumerable.Range(0, values.Length)],
            Chains = [[]],
            Operators = [],
            Delegates = [],
            PlannedBufferSizes = [0],
            PlannedBufferDevices = [],
            EncodedInputs = "",
            EncodedOutputs = ContainerStrings.Results(values.Length),
        }, []);
    }

    private static ImmutableArray<NamedDataImage> NamedData(NamedDataStore store, EmissionOptions options, string? tag) =>
        [.. store.Entries.Where(entry => TagOf(entry, options) == tag)
            .Select(entry => new NamedDataImage(entry.Key, store.Blobs[entry.BlobIndex].Content, store.Blobs[entry.BlobIndex].Alignment, entry.Layout))];

    // The emitter's own constants come first in each data file, then what backends put there.
    private static ImmutableArray<(string, ImmutableArray<NamedDataImage>)> DataFiles(NamedDataStore backends, NamedDataStore constants, EmissionOptions options)
    {
        foreach (var entry in backends.Entries)
        {
            if (constants.Find(entry.Key) is { } own && !constants.Blobs[own.BlobIndex].Content.ContentEquals(backends.Blobs[entry.BlobIndex].Content))
            {
                throw new TandemException(ErrorCode.NamedDataConflict, "a constant and a backend put different data under one key",
                    new ErrorDetails { Location = entry.Key, Expected = own.Origin, Found = entry.Origin, NextStep = "keep the constant in the program" });
            }
        }

        return [.. constants.ExternalTags.Concat(backends.Entries.Select(entry => TagOf(entry, options)).OfType<string>()).Distinct(StringComparer.Ordinal)
            .Select(tag => (tag, ImmutableArray.Create<NamedDataImage>(
            [
                .. NamedData(constants, EmissionOptions.Default, tag),
                .. NamedData(backends, options, tag).Where(item => !constants.Contains(item.Key)),
            ])))];
    }

    private static string? TagOf(NamedDataStoreEntry entry, EmissionOptions options) =>
        options.ExternalDataTag is { } choose ? choose(entry) : entry.ExternalTag;
}
