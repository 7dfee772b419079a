using Tandem.Host.Formats.Model;

namespace Tandem.Host.Execution;

/// <summary>
/// Gives the inputs and outputs of a method memory of their own. Values that are planned at the same place with the same size go with them: a
/// view of a static shape has no instruction, it is another value over the same bytes.
/// </summary>
internal sealed class InputOutputHomes
{
    private readonly Dictionary<(int MemoryId, long Offset, long ByteCount), long> _byPlace = [];
    private readonly Dictionary<int, long> _unplanned = [];

    internal InputOutputHomes(ExecutionPlanModel plan, Func<ValueModel.Tensor, bool> isState)
    {
        foreach (var index in plan.Inputs.Concat(plan.Outputs).Distinct())
        {
            if (plan.Values[index] is not ValueModel.Tensor tensor || isState(tensor))
            {
                continue;
            }

            if (tensor.MemoryId > 0)
            {
                if (_byPlace.TryAdd((tensor.MemoryId, tensor.MemoryOffset, tensor.Layout.ByteCount), ByteCount))
                {
                    Take(tensor);
                }
            }
            else if (tensor.Storage == TensorStorageKind.Unplanned)
            {
                _unplanned.Add(index, ByteCount);
                Take(tensor);
            }
        }
    }

    /// <summary>Bytes of all homes.</summary>
    internal long ByteCount { get; private set; }

    /// <summary>The home of a value, if it has one.</summary>
    internal long? Find(int index, ValueModel.Tensor tensor) => tensor.MemoryId > 0
        ? _byPlace.TryGetValue((tensor.MemoryId, tensor.MemoryOffset, tensor.Layout.ByteCount), out var home) ? home : null
        : _unplanned.TryGetValue(index, out home) ? home : null;

    private void Take(ValueModel.Tensor tensor) =>
        ByteCount = checked((ByteCount + tensor.Layout.ByteCount + NativeMemoryBlock.Alignment - 1) & -NativeMemoryBlock.Alignment);
}
