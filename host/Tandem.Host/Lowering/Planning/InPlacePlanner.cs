using System.Collections.Immutable;
using Tandem.Host.Formats.Model;
using Tandem.Host.Lowering.Emission;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Planning;

/// <summary>
/// Lets results take the memory of operands that nobody reads afterwards, and new values of buffers the memory of the buffers: a cache that a method
/// writes one row of is not copied.
/// </summary>
internal static class InPlacePlanner
{
    private const string IndexPut = "aten::index_put.out";

    /// <summary>Unites storages of a method.</summary>
    /// <param name="code">The method.</param>
    /// <param name="overInputs">Whether a result may take the memory of an input: a runtime then has to keep what the caller gave elsewhere.</param>
    /// <returns>Whether a result took the memory of an input.</returns>
    internal static bool Run(MethodCode code, bool overInputs)
    {
        var liveness = new Liveness(code);
        var isOverInput = false;
        for (var i = 0; i < code.Instructions.Count; i++)
        {
            var instruction = code.Instructions[i];
            if (instruction.Result >= 0 && code.Values[instruction.Result].Storage!.Root is var result
                && result.Kind is StorageKind.Intermediate or StorageKind.Output && liveness.Of(result).First == i)
            {
                isOverInput |= ReuseOperand(code, liveness, i, result, overInputs);
            }
        }

        foreach (var (source, target) in code.WriteBacks)
        {
            WriteInPlace(code, liveness, source, target);
        }

        for (var i = 0; i < code.Instructions.Count; i++)
        {
            code.Instructions[i] = Rewrite(code, code.Instructions[i]);
        }

        return isOverInput;
    }

    private static bool ReuseOperand(MethodCode code, Liveness liveness, int index, TensorStorage result, bool overInputs)
    {
        foreach (var operand in code.Instructions[index].InPlaceOperands)
        {
            var storage = code.Values[operand].Storage!.Root;
            if (!ReferenceEquals(storage, result) && (storage.Kind == StorageKind.Intermediate || (overInputs && storage.Kind == StorageKind.Input)) && storage.ByteCount == result.ByteCount
                && liveness.Of(storage).Last == index && IsReadElementwise(code, code.Instructions[index], storage))
            {
                var isInput = storage.Kind == StorageKind.Input;
                liveness.Unite(storage, result);
                return isInput;
            }
        }

        return false;
    }

    // Another operand over the same memory, such as a view that broadcasts, would be read after it was written.
    private static bool IsReadElementwise(MethodCode code, EmittedInstruction instruction, TensorStorage storage) =>
        code.TensorsOf(instruction).All(value => value == instruction.Result || instruction.InPlaceOperands.Contains(value)
            || !ReferenceEquals(code.Values[value].Storage!.Root, storage));

    private static void WriteInPlace(MethodCode code, Liveness liveness, int source, int target)
    {
        var (from, to) = (code.Values[source].Storage!.Root, code.Values[target].Storage!.Root);
        if (ReferenceEquals(from, to) || from.Kind != StorageKind.Intermediate || to.Kind != StorageKind.Buffer
            || code.Values[source].IsDynamic || !code.Values[source].Layout!.Equals(code.Values[target].Layout) || from.ByteCount != to.ByteCount
            || code.WriteBacks.Count(item => ReferenceEquals(code.Values[item.Source].Storage!.Root, from) || ReferenceEquals(code.Values[item.Source].Storage!.Root, to)) > 1)
        {
            return;
        }

        // The buffer is a target itself, so its range ends with the method: what counts is who reads its old value.
        var first = liveness.Of(from).First;
        var isOldValueRead = false;
        for (var i = first; i < code.Instructions.Count; i++)
        {
            var instruction = code.Instructions[i];
            if (code.TensorsOf(instruction).Any(value => ReferenceEquals(code.Values[value].Storage!.Root, to)))
            {
                isOldValueRead |= i != first || instruction.Result < 0 || !ReferenceEquals(code.Values[instruction.Result].Storage!.Root, from)
                    || !IsReadElementwise(code, instruction, to);
            }
        }

        var isInLoop = code.Loops.Any(loop => first >= loop.First && first <= loop.Last);
        if (!isOldValueRead && !isInLoop && !code.Outputs.Any(value => ReferenceEquals(code.Values[value].Storage?.Root, to)))
        {
            liveness.Unite(from, to);
        }
    }

    // A call whose result lies over its operand still copies the operand onto itself, unless the kernel is told to write in place.
    private static EmittedInstruction Rewrite(MethodCode code, EmittedInstruction instruction) => instruction is { Operator: IndexPut, Model: InstructionModel.KernelCall call }
        && ReferenceEquals(code.Values[call.Arguments[0]].Storage!.Root, code.Values[instruction.Result].Storage!.Root) && IsSimple(code, call.Arguments)
        ? instruction with { Operator = "aten::index_put_", Model = call with { Arguments = [.. call.Arguments.AsSpan()[..^1]] } } : instruction;

    // What ExecuTorch's index_put_ takes: whole slices at a list of places along one dimension.
    private static bool IsSimple(MethodCode code, ImmutableArray<int> arguments)
    {
        if (code.Values[arguments[0]].Layout is not { } self || code.Values[arguments[2]].Layout is not { } values || values.Sizes.Length != self.Sizes.Length
            || values.ScalarType != self.ScalarType || code.Values[arguments[1]].Value is not ValueModel.OptionalTensorList list
            || code.Values[arguments[3]].Value is not ValueModel.Bool { Value: false } || list.ValueIndices.Count(item => item >= 0) != 1)
        {
            return false;
        }

        var along = list.ValueIndices.ToList().FindIndex(item => item >= 0);
        return code.Values[list.ValueIndices[along]].Layout is { ScalarType: ScalarType.Long or ScalarType.Int, Sizes: [_] }
            && !self.Sizes.Where((size, i) => i != along && values.Sizes[i] != size).Any();
    }
}
