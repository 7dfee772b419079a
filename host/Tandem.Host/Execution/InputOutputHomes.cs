using Tandem.Host.Formats.Model;

namespace Tandem.Host.Execution;

/// <summary>
/// Gives the inputs and outputs of a method memory of their own. Values that are planned at the same place with the same size go with them: a
/// view of a static shape has no instruction, it is another value over the same bytes. Values that are planned over an input after its last use do not.
/// </summary>
internal sealed class InputOutputHomes
{
    private readonly Dictionary<(int MemoryId, long Offset, long ByteCount, bool IsLater), long> _byPlace = [];
    private readonly Dictionary<int, long> _unplanned = [];
    private readonly HashSet<int> _later;

    internal InputOutputHomes(ExecutionPlanModel plan, Func<ValueModel.Tensor, bool> isState)
    {
        _later = OverwrittenInputs.FindLaterValues(plan);
        foreach (var index in plan.Inputs)
        {
            Add(plan, index, isState);
        }

        foreach (var index in plan.Outputs)
        {
            Add(plan, index, isState);
        }
    }

    /// <summary>Bytes of all homes.</summary>
    internal long ByteCount { get; private set; }

    private void Add(ExecutionPlanModel plan, int index, Func<ValueModel.Tensor, bool> isState)
    {
        if (plan.Values[index] is ValueModel.Tensor tensor && !isState(tensor) && (tensor.MemoryId > 0
            ? _byPlace.TryAdd((tensor.MemoryId, tensor.MemoryOffset, tensor.Layout.ByteCount, _later.Contains(index)), ByteCount)
            : tensor.Storage == TensorStorageKind.Unplanned && _unplanned.TryAdd(index, ByteCount)))
        {
            Take(tensor);
        }
    }

    /// <summary>The home of a value, if it has one.</summary>
    internal long? Find(int index, ValueModel.Tensor tensor) => tensor.MemoryId > 0
        ? _byPlace.TryGetValue((tensor.MemoryId, tensor.MemoryOffset, tensor.Layout.ByteCount, _later.Contains(index)), out var home) ? home : null
        : _unplanned.TryGetValue(index, out home) ? home : null;

    private void Take(ValueModel.Tensor tensor) =>
        ByteCount = checked((ByteCount + tensor.Layout.ByteCount + NativeMemoryBlock.Alignment - 1) & -NativeMemoryBlock.Alignment);
}
