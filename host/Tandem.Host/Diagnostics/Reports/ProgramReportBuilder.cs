using System.Globalization;
using Tandem.Host.Formats.Model;
using Tandem.Host.Kernels;
using Tandem.Host.Lowering;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Diagnostics.Reports;

/// <summary>Makes a <see cref="ProgramReport"/> from a verified program, without loading a method.</summary>
internal sealed class ProgramReportBuilder
{
    private readonly ProgramModel _program;
    private readonly IReadOnlyList<(FileReport File, IReadOnlyList<NamedDataEntry> Entries)> _externals;
    private readonly KernelRegistry _kernels;
    private readonly IBackendResolver? _resolver;
    private readonly PayloadReader _readPayload;
    private readonly Dictionary<string, List<string>> _usersByKey = new(StringComparer.Ordinal);

    /// <summary>Creates a builder.</summary>
    /// <param name="program">The program.</param>
    /// <param name="externals">External files and their keys.</param>
    /// <param name="kernels">Operators of this host.</param>
    /// <param name="resolver">Chooses plugins; null to leave delegates without a choice.</param>
    /// <param name="readPayload">Gives a payload's bytes to a reader.</param>
    public ProgramReportBuilder(
        ProgramModel program,
        IReadOnlyList<(FileReport File, IReadOnlyList<NamedDataEntry> Entries)> externals,
        KernelRegistry kernels,
        IBackendResolver? resolver,
        PayloadReader readPayload)
    {
        _program = program;
        _externals = externals;
        _kernels = kernels;
        _resolver = resolver;
        _readPayload = readPayload;
    }

    /// <summary>Runs a function over the bytes of a delegate's payload.</summary>
    /// <param name="payload">The delegate.</param>
    /// <param name="read">Receives the bytes.</param>
    /// <returns>What the function returned.</returns>
    public delegate PayloadDescription PayloadReader(DelegateModel payload, Func<ReadOnlySpan<byte>, PayloadDescription> read);

    /// <summary>Makes the report.</summary>
    /// <param name="warnings">Warnings that loading gave.</param>
    /// <param name="lowering">What the file says about its lowering; null for nothing.</param>
    /// <returns>The report.</returns>
    public ProgramReport Build(IReadOnlyList<string> warnings, LoweringRecord? lowering = null)
    {
        var methods = _program.Plans.Select(BuildMethod).ToList();
        // What a payload reads is known from the lowering also where no plugin can describe it.
        foreach (var method in lowering?.Methods ?? [])
        {
            foreach (var partition in method.Partitions)
            {
                foreach (var key in partition.NamedDataKeys)
                {
                    AddUser(key, $"{method.Name}/delegate {partition.Index}");
                }
            }
        }

        if (lowering is not null)
        {
            AddUser(LoweringMetadata.Key, "the record of the lowering");
        }

        return new ProgramReport
        {
            Files = [BuildFile(), .. _externals.Select(external => external.File)],
            Methods = methods,
            Segments = [.. _program.Segments.Select((range, index) => new SegmentReport(index, range.Offset, range.Length, SegmentUsers(index)))],
            NamedData = [.. BuildNamedData()],
            Lowering = lowering,
            Warnings = warnings,
        };
    }

    private FileReport BuildFile() => new(
        _program.SourceName, "pte", _program.SourceLength, _program.Version,
        _program.Header?.ProgramSize ?? _program.SourceLength, _program.Header?.Length ?? 0, _program.Header?.SegmentBaseOffset ?? 0);

    private IEnumerable<NamedDataReport> BuildNamedData()
    {
        foreach (var (file, entries) in _externals.Prepend((BuildFile(), _program.NamedData)))
        {
            foreach (var entry in entries)
            {
                yield return new NamedDataReport(entry.Key, file.Name, entry.Range.Length, entry.Layout?.ToString(),
                    _usersByKey.GetValueOrDefault(entry.Key) ?? []);
            }
        }
    }

    private List<string> SegmentUsers(int index)
    {
        var users = new List<string>();
        if (_program.ConstantSegmentIndex == index && _program.Constants.Length > 1)
        {
            users.Add($"{_program.Constants.Length - 1} constants");
        }

        var range = _program.Segments[index];
        if (_program.MutableInitialData.Any(data => data.Length > 0 && data.Offset >= range.Offset && data.End <= range.End))
        {
            users.Add("initial data of mutable buffers");
        }

        foreach (var plan in _program.Plans)
        {
            users.AddRange(plan.Delegates.Select((item, i) => (item, i)).Where(pair => pair.item.SegmentIndex == index)
                .Select(pair => $"payload of {plan.Name}/delegate {pair.i}"));
        }

        users.AddRange(_program.NamedData.Where(entry => entry.SegmentIndex == index).Select(entry => $"named data {entry.Key}"));
        return users;
    }

    private MethodReport BuildMethod(ExecutionPlanModel plan)
    {
        for (var i = 0; i < plan.Values.Length; i++)
        {
            if (plan.Values[i] is ValueModel.Tensor { Storage: TensorStorageKind.ExternalConstant or TensorStorageKind.PlannedExternal, Name: { } name })
            {
                AddUser(name, $"{plan.Name}/value {i}");
            }
        }

        var instructions = plan.Chains.SelectMany(chain => chain).ToList();
        return new MethodReport
        {
            Name = plan.Name,
            Inputs = [.. plan.Inputs.Select(index => Describe(plan, index))],
            Outputs = [.. plan.Outputs.Select(index => Describe(plan, index))],
            Instructions = [.. instructions.Select((instruction, i) => Describe(plan, instruction, i))],
            Operators = [.. plan.Operators.Select((name, i) => new OperatorReport(name,
                instructions.Count(item => item is InstructionModel.KernelCall call && call.OperatorIndex == i), _kernels.TryGet(name, out _)))],
            Delegates = [.. plan.Delegates.Select((item, i) => BuildDelegate(plan.Name, item, i))],
            PlannedBuffers = [.. plan.PlannedBufferSizes.Skip(1)],
            State = [.. StateOf(plan).Select(item => Describe(plan, item))],
        };
    }

    private DelegateReport BuildDelegate(string method, DelegateModel model, int index)
    {
        var choice = _resolver?.Resolve(method, model.BackendId);
        PayloadDescription? description = null;
        string? error = null;
        if (choice?.Runtime is IPayloadDescriber describer)
        {
            try
            {
                description = _readPayload(model, bytes => describer.Describe(bytes, model.CompileSpecs));
                foreach (var key in description.NamedDataKeys)
                {
                    AddUser(key, $"{method}/delegate {index}");
                }
            }
            catch (TandemException failure)
            {
                error = failure.Message;
            }
        }

        return new DelegateReport(index, model.BackendId, model.Processed.Length, model.SegmentIndex,
            choice?.PluginId is { } id ? $"{id} {choice.PluginVersion}".TrimEnd() : null,
            choice?.Reason ?? "plugins were not asked",
            [.. (choice?.Refusals ?? []).Select(refusal => $"{refusal.Plugin}: {refusal.Reason}")],
            description, error);
    }

    private void AddUser(string key, string user)
    {
        if (!_usersByKey.TryGetValue(key, out var users))
        {
            _usersByKey[key] = users = [];
        }

        if (!users.Contains(user))
        {
            users.Add(user);
        }
    }

    private static IEnumerable<ValueModel.Tensor> StateOf(ExecutionPlanModel plan) => plan.Values.OfType<ValueModel.Tensor>()
        .Where(tensor => tensor.Storage is TensorStorageKind.PlannedInitialised or TensorStorageKind.PlannedExternal
            || (tensor.Storage == TensorStorageKind.Planned && tensor.Name is not null));

    private StateReport Describe(ExecutionPlanModel plan, ValueModel.Tensor state)
    {
        var sharing = _program.Plans.Where(other => other.Name != plan.Name && StateOf(other).Any(item => item.Name == state.Name
            && item.MemoryId == state.MemoryId && item.MemoryOffset == state.MemoryOffset && item.Layout.Equals(state.Layout)));
        return new StateReport(state.Name ?? "(unnamed)", state.Layout.ToString(), state.MemoryId, state.MemoryOffset,
            state.Layout.ByteCount, [.. sharing.Select(other => other.Name)]);
    }

    private static ValueReport Describe(ExecutionPlanModel plan, int index) => plan.Values[index] switch
    {
        ValueModel.Tensor tensor => new ValueReport(index, tensor.Layout.ToString(), tensor.Storage switch
        {
            TensorStorageKind.Unplanned => "caller's memory",
            TensorStorageKind.Constant => $"constant {tensor.DataIndex}",
            TensorStorageKind.ExternalConstant => $"external constant '{tensor.Name}'",
            _ => $"memory {tensor.MemoryId} at {tensor.MemoryOffset}",
        }, tensor.Dynamism != ShapeDynamism.Static),
        ValueModel.Int value => new ValueReport(index, $"int {value.Value}", "traced value", false),
        ValueModel.Bool value => new ValueReport(index, value.Value ? "bool true" : "bool false", "traced value", false),
        ValueModel.Double value => new ValueReport(index, $"double {value.Value.ToString("R", CultureInfo.InvariantCulture)}", "traced value", false),
        ValueModel.String value => new ValueReport(index, $"string \"{value.Value}\"", "traced value", false),
        var other => new ValueReport(index, other.GetType().Name, "", false),
    };

    private static InstructionReport Describe(ExecutionPlanModel plan, InstructionModel instruction, int index) => instruction switch
    {
        InstructionModel.KernelCall call => new InstructionReport(index, "kernel", plan.Operators[call.OperatorIndex], call.Arguments),
        InstructionModel.DelegateCall call => new InstructionReport(index, "delegate",
            $"delegate {call.DelegateIndex} ({plan.Delegates[call.DelegateIndex].BackendId})", call.Arguments),
        InstructionModel.Move move => new InstructionReport(index, "move", $"value {move.To}", [move.From]),
        InstructionModel.JumpFalse jump => new InstructionReport(index, "jump_false", $"instruction {jump.Destination}", [jump.Condition]),
        InstructionModel.Free free => new InstructionReport(index, "free", $"value {free.Value}", [free.Value]),
        _ => new InstructionReport(index, instruction.GetType().Name, "", []),
    };
}
