using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>
/// Lays out the memory of a session: activations share arenas (one method runs at a time), mutable buffers are one piece of memory for all
/// methods that name them, inputs and outputs belong to their method.
/// </summary>
internal sealed class ProgramMemoryPlan
{
    private const int Alignment = NativeMemoryBlock.Alignment;

    private readonly Dictionary<string, StateRegion> _regions = new(StringComparer.Ordinal);
    private readonly List<string> _warnings = [];
    private readonly ProgramModel _program;

    internal ProgramMemoryPlan(ProgramModel program)
    {
        _program = program;
        Methods = [.. program.Plans.Select(Plan)];
        var arenas = 0;
        foreach (var method in Methods)
        {
            arenas = Math.Max(arenas, method.ArenaSizes.Length);
        }

        SharedArenaSizes = new long[arenas];
        foreach (var method in Methods.Where(method => !method.HasPrivateArenas))
        {
            for (var id = 0; id < method.ArenaSizes.Length; id++)
            {
                SharedArenaSizes[id] = Math.Max(SharedArenaSizes[id], method.ArenaSizes[id]);
            }
        }

        FindUnsharedState();
    }

    /// <summary>One plan a method, in the program's order.</summary>
    internal MethodMemoryPlan[] Methods { get; }

    /// <summary>Bytes of the arenas that methods share, by memory id.</summary>
    internal long[] SharedArenaSizes { get; }

    /// <summary>Bytes of all mutable buffers.</summary>
    internal long StateBytes { get; private set; }

    /// <summary>All mutable buffers.</summary>
    internal IReadOnlyCollection<StateRegion> State => _regions.Values;

    /// <summary>What was lowered in a way that its user may not expect.</summary>
    internal IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Whether a tensor is a mutable buffer: named or initialised memory that outlives a call.</summary>
    internal static bool IsState(ValueModel.Tensor tensor) =>
        tensor.Storage is TensorStorageKind.PlannedInitialised or TensorStorageKind.PlannedExternal
        || (tensor.Storage == TensorStorageKind.Planned && tensor.Name is not null);

    private MethodMemoryPlan Plan(ExecutionPlanModel plan)
    {
        var placements = new Placement[plan.Values.Length];
        var arenaSizes = new long[plan.PlannedBufferSizes.Length];
        var states = plan.Values.OfType<ValueModel.Tensor>().Where(IsState).ToList();
        var keepsPlan = states.Count > 0 && HasPartialOverlap(plan, states);
        var homes = new InputOutputHomes(plan, tensor => !keepsPlan && FindState(plan, states, tensor) is not null);
        for (var i = 0; i < placements.Length; i++)
        {
            if (plan.Values[i] is not ValueModel.Tensor tensor)
            {
                continue;
            }

            if (!keepsPlan && FindState(plan, states, tensor) is { } state)
            {
                placements[i] = new Placement(PlacementKind.State, 0, state);
            }
            else if (homes.Find(i, tensor) is { } home && !(keepsPlan && IsState(tensor)))
            {
                placements[i] = new Placement(PlacementKind.InputOutput, 0, home);
            }
            else if (tensor.MemoryId > 0)
            {
                placements[i] = new Placement(PlacementKind.Arena, tensor.MemoryId, tensor.MemoryOffset);
                arenaSizes[tensor.MemoryId] = Math.Max(arenaSizes[tensor.MemoryId], tensor.MemoryOffset + tensor.Layout.ByteCount);
            }
        }

        if (keepsPlan)
        {
            Warn($"method '{plan.Name}' plans mutable buffers over other tensors: they stay in its own memory and no other method sees them");
        }

        return new MethodMemoryPlan(placements, homes.ByteCount, arenaSizes, keepsPlan || ReadsBeforeWriting(plan, placements));
    }

    // A planned tensor that lies inside a mutable buffer is a view of it (the planner never gives its memory to anything else).
    private long? FindState(ExecutionPlanModel plan, List<ValueModel.Tensor> states, ValueModel.Tensor tensor)
    {
        foreach (var state in states)
        {
            if (tensor.MemoryId > 0 && state.MemoryId == tensor.MemoryId && tensor.MemoryOffset >= state.MemoryOffset
                && tensor.MemoryOffset + tensor.Layout.ByteCount <= state.MemoryOffset + state.Layout.ByteCount
                && (ReferenceEquals(state, tensor) || !IsState(tensor)))
            {
                return Region(plan, state).Offset + (tensor.MemoryOffset - state.MemoryOffset);
            }
        }

        return null;
    }

    private StateRegion Region(ExecutionPlanModel plan, ValueModel.Tensor state)
    {
        // Without a name, buffers of several methods are one only where the program was lowered with a memory of its own for them (id 2 and up).
        var name = state.Name ?? (state.MemoryId > 1
            ? $"memory {state.MemoryId} at {state.MemoryOffset}" : $"{plan.Name}: memory {state.MemoryId} at {state.MemoryOffset}");
        if (_regions.TryGetValue(name, out var region) && !region.Tensor.Layout.Equals(state.Layout))
        {
            if (!region.Methods.Contains(plan.Name))
            {
                Warn($"mutable buffer '{name}' is {state.Layout} in method '{plan.Name}' and {region.Tensor.Layout} in '{region.Methods[0]}': they are separate");
            }

            name = $"{plan.Name}: {name} {state.Layout}";
            _regions.TryGetValue(name, out region);
        }

        if (region is null)
        {
            region = new StateRegion(name, StateBytes, state);
            _regions.Add(name, region);
            StateBytes = Align(checked(StateBytes + state.Layout.ByteCount));
        }

        if (!region.Methods.Contains(plan.Name))
        {
            region.Methods.Add(plan.Name);
        }

        return region;
    }

    private void Warn(string text) => _warnings.Add($"TDM{(int)ErrorCode.StateNotShared} {ErrorCode.StateNotShared}: {text}");

    private void FindUnsharedState()
    {
        // Unnamed buffers that several methods keep in the memory of their activations: nothing in the file says that they are one.
        foreach (var group in _regions.Values.Where(region => region.Tensor.Name is null && region.Tensor.MemoryId == 1).GroupBy(region => region.Tensor.Layout))
        {
            var methods = group.SelectMany(region => region.Methods).Distinct().ToList();
            if (methods.Count > 1)
            {
                Warn($"methods {string.Join(" and ", methods.Select(method => $"'{method}'"))} each hold an unnamed mutable buffer {group.Key} among their activations: "
                    + "they are separate, whatever the model meant; lower the program with shared mutable buffers if they are one");
            }
        }

        foreach (var region in _regions.Values.Where(region => region.Methods.Count > 1))
        {
            ValueModel.Tensor? first = null;
            var (places, isOnePlace) = (new List<string>(), true);
            foreach (var plan in _program.Plans)
            {
                foreach (var tensor in plan.Values.OfType<ValueModel.Tensor>().Where(tensor => tensor.Name == region.Name && IsState(tensor)))
                {
                    first ??= tensor;
                    isOnePlace &= tensor.MemoryId == first.MemoryId && tensor.MemoryOffset == first.MemoryOffset;
                    places.Add($"'{plan.Name}' (memory {tensor.MemoryId} at {tensor.MemoryOffset})");
                }
            }

            if (!isOnePlace)
            {
                Warn($"mutable buffer '{region.Name}' is planned at different places in {string.Join(" and ", places)}: "
                    + "the program was lowered without sharing mutable buffers, and other runtimes give each method its own copy; here the methods share it by its name");
            }
        }
    }

    private static bool HasPartialOverlap(ExecutionPlanModel plan, List<ValueModel.Tensor> states)
    {
        foreach (var tensor in plan.Values.OfType<ValueModel.Tensor>().Where(tensor => tensor.MemoryId > 0 && tensor.Layout.ByteCount > 0))
        {
            var (begin, end) = (tensor.MemoryOffset, tensor.MemoryOffset + tensor.Layout.ByteCount);
            foreach (var state in states)
            {
                var (stateBegin, stateEnd) = (state.MemoryOffset, state.MemoryOffset + state.Layout.ByteCount);
                if (state.MemoryId == tensor.MemoryId && begin < stateEnd && end > stateBegin && (begin < stateBegin || end > stateEnd))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // A tensor that a kernel reads before anything wrote it holds what the last call left there: state without a name.
    private static bool ReadsBeforeWriting(ExecutionPlanModel plan, Placement[] placements)
    {
        // By place, not by value: a view of a value is another value at its place.
        var written = new HashSet<(int MemoryId, long Offset)>();
        foreach (var instruction in plan.Chains.Length == 1 ? plan.Chains[0] : [.. plan.Chains.SelectMany(chain => chain)])
        {
            switch (instruction)
            {
                case InstructionModel.KernelCall call:
                    for (var i = 0; i < call.Arguments.Length - 1; i++)
                    {
                        var index = call.Arguments[i];
                        if (placements[index].Kind == PlacementKind.Arena && !written.Contains((placements[index].MemoryId, placements[index].Offset))
                            && !call.Arguments.AsSpan()[(i + 1)..].Contains(index) && !IsOutputPosition(plan, call, i))
                        {
                            return true;
                        }
                    }

                    Mark(call.Arguments.AsSpan());
                    break;
                case InstructionModel.DelegateCall call:
                    Mark(call.Arguments.AsSpan());
                    break;
                case InstructionModel.Move move:
                    Mark([move.To]);
                    break;
            }
        }

        return false;

        void Mark(ReadOnlySpan<int> arguments)
        {
            foreach (var index in arguments)
            {
                written.Add((placements[index].MemoryId, placements[index].Offset));
                if (plan.Values[index] is ValueModel.TensorList list)
                {
                    Mark(list.ValueIndices.AsSpan());
                }
            }
        }
    }

    // Operators with several outputs have them all at the end, each of them written before it is read.
    private static bool IsOutputPosition(ExecutionPlanModel plan, InstructionModel.KernelCall call, int position)
    {
        for (var i = position + 1; i < call.Arguments.Length; i++)
        {
            if (plan.Values[call.Arguments[i]] is not ValueModel.Tensor and not ValueModel.TensorList)
            {
                return false;
            }
        }

        return true;
    }

    private static long Align(long offset) => (offset + Alignment - 1) & -Alignment;
}
