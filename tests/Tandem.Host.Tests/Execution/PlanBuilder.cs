using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Execution;

/// <summary>A method made by hand. Every planned tensor gets memory of its own unless the test says where it lies.</summary>
internal sealed class PlanBuilder(string name = "forward")
{
    private readonly List<ValueModel> _values = [];
    private readonly List<int> _inputs = [];
    private readonly List<int> _outputs = [];
    private readonly List<InstructionModel> _code = [];
    private readonly List<string> _operators = [];
    private readonly List<DelegateModel> _delegates = [];
    private long _planned;

    internal int Value(ValueModel value)
    {
        _values.Add(value);
        return _values.Count - 1;
    }

    internal int Tensor(
        int[] sizes, ScalarType type = ScalarType.Float, TensorStorageKind storage = TensorStorageKind.Planned, ShapeDynamism dynamism = ShapeDynamism.Static,
        int memoryId = 1, long? offset = null, string? fqn = null, int data = 0, int device = 0)
    {
        var layout = new TensorLayout(type, sizes);
        var isPlanned = storage is TensorStorageKind.Planned or TensorStorageKind.PlannedInitialised or TensorStorageKind.PlannedExternal;
        var at = offset ?? _planned;
        if (isPlanned && offset is null)
        {
            _planned += (layout.ByteCount + 63) & -64;
        }

        return Value(new ValueModel.Tensor
        {
            Layout = layout,
            Dynamism = dynamism,
            Storage = storage,
            DataIndex = data,
            MemoryId = isPlanned ? memoryId : 0,
            MemoryOffset = isPlanned ? at : 0,
            Name = fqn,
            DeviceType = device,
        });
    }

    internal int Input(int[] sizes, ScalarType type = ScalarType.Float, TensorStorageKind storage = TensorStorageKind.Planned, ShapeDynamism dynamism = ShapeDynamism.Static) =>
        AsInput(Tensor(sizes, type, storage, dynamism));

    internal int AsInput(int value)
    {
        _inputs.Add(value);
        return value;
    }

    internal int Output(int[] sizes, ScalarType type = ScalarType.Float, TensorStorageKind storage = TensorStorageKind.Planned, ShapeDynamism dynamism = ShapeDynamism.Static) =>
        AsOutput(Tensor(sizes, type, storage, dynamism));

    internal int AsOutput(int value)
    {
        _outputs.Add(value);
        return value;
    }

    internal PlanBuilder Call(string operatorName, params int[] arguments)
    {
        var index = _operators.IndexOf(operatorName);
        if (index < 0)
        {
            index = _operators.Count;
            _operators.Add(operatorName);
        }

        return Add(new InstructionModel.KernelCall(index, [.. arguments]));
    }

    internal PlanBuilder Delegate(string backend, params int[] arguments)
    {
        _delegates.Add(new DelegateModel(backend, new Tandem.Host.Formats.DataRange(0, 4), -1, [new CompileSpec("spec", new byte[] { 1, 2 })]));
        return Add(new InstructionModel.DelegateCall(_delegates.Count - 1, [.. arguments]));
    }

    internal PlanBuilder Add(InstructionModel instruction)
    {
        _code.Add(instruction);
        return this;
    }

    internal ExecutionPlanModel Build()
    {
        var ids = _values.OfType<ValueModel.Tensor>().Select(tensor => tensor.MemoryId).DefaultIfEmpty().Max();
        return new ExecutionPlanModel
        {
            Name = name,
            Values = [.. _values],
            Inputs = [.. _inputs],
            Outputs = [.. _outputs],
            Chains = [[.. _code]],
            Operators = [.. _operators],
            Delegates = [.. _delegates],
            PlannedBufferSizes = [.. Enumerable.Range(0, ids + 1).Select(id => _values.OfType<ValueModel.Tensor>().Where(tensor => id > 0 && tensor.MemoryId == id)
                .Select(tensor => tensor.MemoryOffset + tensor.Layout.ByteCount).DefaultIfEmpty().Max())],
            PlannedBufferDevices = [],
            EncodedInputs = "",
            EncodedOutputs = "",
        };
    }
}
