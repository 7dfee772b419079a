using System.Collections.Immutable;
using Tandem.Host.Formats.Model;

namespace Tandem.Host.Execution;

/// <summary>
/// Finds values that are planned where an input was, once nobody reads the input any more. They get a place of their own here, so that the caller's
/// memory can be bound to the input and is never written.
/// </summary>
internal static class OverwrittenInputs
{
    private const string View = "executorch_prim::et_view.default";

    /// <summary>Finds the values of a method.</summary>
    /// <param name="plan">The method.</param>
    /// <returns>Indices of values at places of inputs that do not belong to the input; empty where that cannot be told.</returns>
    internal static HashSet<int> FindLaterValues(ExecutionPlanModel plan)
    {
        var result = new HashSet<int>();
        ImmutableArray<InstructionModel> code = plan.Chains.Length > 0 ? plan.Chains[0] : [];
        for (var i = 0; i < code.Length; i++)
        {
            // In a loop "afterwards" has no meaning.
            if (code[i] is InstructionModel.JumpFalse jump && jump.Destination <= i)
            {
                return result;
            }
        }

        foreach (var input in plan.Inputs.Distinct())
        {
            if (plan.Values[input] is ValueModel.Tensor { MemoryId: > 0 } tensor)
            {
                var place = Enumerable.Range(0, plan.Values.Length).Where(index => plan.Values[index] is ValueModel.Tensor other && other.MemoryId == tensor.MemoryId
                    && other.MemoryOffset == tensor.MemoryOffset && other.Layout.ByteCount == tensor.Layout.ByteCount).ToHashSet();
                if (place.Count > 1)
                {
                    result.UnionWith(FindLaterValues(plan, code, place, input) ?? []);
                }
            }
        }

        return result;
    }

    private static List<int>? FindLaterValues(ExecutionPlanModel plan, ImmutableArray<InstructionModel> code, HashSet<int> place, int input)
    {
        var first = -1;
        var (before, after) = (new HashSet<int> { input }, new HashSet<int>());
        for (var i = 0; i < code.Length; i++)
        {
            var (reads, writes) = code[i] switch
            {
                InstructionModel.KernelCall call => Touched(plan, call),
                InstructionModel.DelegateCall call => (call.Arguments, []),
                InstructionModel.Move move => ([move.From, move.To], []),
                InstructionModel.JumpFalse jump => ([jump.Condition], []),
                _ => (ImmutableArray<int>.Empty, ImmutableArray<int>.Empty),
            };
            foreach (var value in reads)
            {
                if (!place.Contains(value) || after.Contains(value))
                {
                    continue;
                }

                // A delegate does not say what it reads and what it writes, and a move takes memory along.
                if (first >= 0 && before.Contains(value) || (code[i] is InstructionModel.DelegateCall && !before.Contains(value)) || code[i] is InstructionModel.Move)
                {
                    return null;
                }

                (first >= 0 ? after : before).Add(value);
            }

            foreach (var value in writes)
            {
                if (place.Contains(value))
                {
                    if (before.Contains(value))
                    {
                        return null;
                    }

                    first = first >= 0 ? first : i;
                    after.Add(value);
                }
            }
        }

        // What no instruction touches can still be an output: a view of what is there at the end.
        return first < 0 || plan.Outputs.Any(before.Contains) ? null : [.. after, .. plan.Outputs.Where(value => place.Contains(value) && !after.Contains(value))];
    }

    // By convention a call's last argument is what it writes.
    private static (ImmutableArray<int> Reads, ImmutableArray<int> Writes) Touched(ExecutionPlanModel plan, InstructionModel.KernelCall call)
    {
        ImmutableArray<int> reads = [.. call.Arguments.SkipLast(1).SelectMany(TensorsOf)];
        ImmutableArray<int> writes = call.Arguments.IsEmpty ? [] : [.. TensorsOf(call.Arguments[^1])];
        return plan.Operators[call.OperatorIndex] == View ? ([.. reads, .. writes], []) : ([.. reads.Where(value => !IsRepeated(value))], writes);

        IEnumerable<int> TensorsOf(int value) => plan.Values[value] switch
        {
            ValueModel.TensorList list => list.ValueIndices,
            ValueModel.OptionalTensorList list => list.ValueIndices.Where(item => item >= 0),
            _ => [value],
        };

        // Outputs stand twice: as the argument that the kernel writes, and as its result.
        bool IsRepeated(int value) => writes.Contains(value) && !call.Arguments.AsSpan()[..FirstOutput()].Contains(value);

        int FirstOutput()
        {
            var at = call.Arguments.Length - 1;
            while (at > 0 && (writes.Contains(call.Arguments[at - 1]) || plan.Values[call.Arguments[at - 1]] is ValueModel.TensorList))
            {
                at--;
            }

            return at;
        }
    }
}
