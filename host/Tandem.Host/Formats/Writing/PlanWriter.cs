using System.Collections.Immutable;
using Tandem.FlatBuffers;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Writes one method as an ExecutionPlan table.</summary>
internal sealed class PlanWriter(ContainerFlatBuffer flat)
{
    private readonly FlatBufferBuilder _builder = flat.Builder;

    /// <summary>Writes a method.</summary>
    /// <param name="image">The method.</param>
    /// <param name="payloads">Where the payload of each delegate is.</param>
    /// <returns>Offset of the table.</returns>
    internal int Write(PlanImage image, IReadOnlyList<(bool IsSegment, int Index)> payloads)
    {
        var plan = image.Plan;
        var name = flat.String(plan.Name);
        var container = Container(plan.EncodedInputs, plan.EncodedOutputs);
        var values = _builder.CreateOffsetVector([.. plan.Values.Select(Value)]);
        var (inputs, outputs) = (flat.Int32s(plan.Inputs.AsSpan()), flat.Int32s(plan.Outputs.AsSpan()));
        var chains = _builder.CreateOffsetVector([.. plan.Chains.Select(Chain)]);
        var operators = _builder.CreateOffsetVector([.. plan.Operators.Select(Operator)]);
        var delegates = _builder.CreateOffsetVector([.. image.Delegates.Select((item, i) => Delegate(item, payloads[i]))]);
        var sizes = flat.Int64s(plan.PlannedBufferSizes.AsSpan());
        var devices = plan.PlannedBufferDevices.IsEmpty ? 0 : _builder.CreateOffsetVector([.. plan.PlannedBufferDevices.Select(Device)]);
        _builder.StartTable(10);
        _builder.AddOffset(0, name);
        _builder.AddOffset(1, container);
        _builder.AddOffset(2, values);
        _builder.AddOffset(3, inputs);
        _builder.AddOffset(4, outputs);
        _builder.AddOffset(5, chains);
        _builder.AddOffset(6, operators);
        _builder.AddOffset(7, delegates);
        _builder.AddOffset(8, sizes);
        flat.Offset(9, devices);
        return _builder.EndTable();
    }

    private int Container(string inputs, string outputs)
    {
        var (input, output) = (flat.String(inputs), flat.String(outputs));
        _builder.StartTable(2);
        _builder.AddOffset(0, input);
        _builder.AddOffset(1, output);
        return _builder.EndTable();
    }

    private int Value(ValueModel value) => value switch
    {
        // Many scalars of a program are equal, and nobody writes to the file: they share a table.
        ValueModel.None => flat.Table(value, () => Value(1, Empty())),
        ValueModel.Int { Value: var number } => flat.Table(value, () => Value(2, Scalar(() => flat.Int64(0, number)))),
        ValueModel.Bool { Value: var truth } => flat.Table(value, () => Value(3, Scalar(() => flat.Byte(0, truth ? (byte)1 : (byte)0)))),
        ValueModel.Double { Value: var number } => flat.Table((typeof(double), BitConverter.DoubleToInt64Bits(number)), () => Value(4, Scalar(() => flat.Double(0, number)))),
        ValueModel.String { Value: var text } => flat.Table(value, () => Value(6, Items(flat.String(text)))),
        ValueModel.IntList { ValueIndices: var indices } => Value(7, Items(flat.Int64s([.. indices.Select(index => (long)index)]))),
        ValueModel.DoubleList { Items: var items } => Value(8, Items(flat.Doubles(items.AsSpan()))),
        ValueModel.BoolList { Items: var items } => Value(9, Items(flat.Bytes([.. items.Select(item => item ? (byte)1 : (byte)0)]))),
        ValueModel.TensorList { ValueIndices: var indices } => Value(10, Items(flat.Int32s(indices.AsSpan()))),
        ValueModel.OptionalTensorList { ValueIndices: var indices } => Value(11, Items(flat.Int32s(indices.AsSpan()))),
        ValueModel.Tensor tensor => Value(5, Tensor(tensor)),
        _ => throw new TandemException(ErrorCode.ProgramNotSupported, "a value of this kind cannot be written", new ErrorDetails { Found = value.GetType().Name }),
    };

    private int Value(byte kind, int table)
    {
        _builder.StartTable(2);
        _builder.AddByte(0, kind);
        _builder.AddOffset(1, table);
        return _builder.EndTable();
    }

    private int Empty()
    {
        _builder.StartTable(0);
        return _builder.EndTable();
    }

    private int Scalar(Action add)
    {
        _builder.StartTable(1);
        add();
        return _builder.EndTable();
    }

    private int Items(int vector)
    {
        _builder.StartTable(1);
        _builder.AddOffset(0, vector);
        return _builder.EndTable();
    }

    private int Tensor(ValueModel.Tensor tensor)
    {
        var (sizes, dimOrder) = (flat.Int32s(tensor.Layout.Sizes.AsSpan()), flat.Bytes(tensor.Layout.DimOrder.AsSpan()));
        var allocation = tensor.MemoryId > 0 ? Allocation(tensor.MemoryId, tensor.MemoryOffset) : 0;
        var extra = tensor.Name is not null || tensor.DeviceType != 0 ? Extra(tensor) : 0;
        _builder.StartTable(10);
        flat.Byte(0, (byte)tensor.Layout.ScalarType);
        _builder.AddOffset(2, sizes);
        _builder.AddOffset(3, dimOrder);
        flat.Int32(5, tensor.DataIndex);
        flat.Offset(6, allocation);
        flat.Byte(8, (byte)tensor.Dynamism);
        flat.Offset(9, extra);
        return _builder.EndTable();
    }

    private int Allocation(int memoryId, long offset) => flat.Table((memoryId, offset), () =>
    {
        _builder.StartTable(3);
        flat.Int32(0, memoryId);
        flat.UInt32(1, (uint)offset);
        flat.UInt32(2, (uint)(offset >> 32));
        return _builder.EndTable();
    });

    private int Extra(ValueModel.Tensor tensor)
    {
        var name = tensor.Name is null ? 0 : flat.String(tensor.Name);
        _builder.StartTable(5);
        flat.Offset(1, name);
        flat.Byte(2, tensor.Storage is TensorStorageKind.ExternalConstant or TensorStorageKind.PlannedExternal ? (byte)1 : (byte)0);
        flat.Byte(3, (byte)tensor.DeviceType);
        return _builder.EndTable();
    }

    private int Chain(ImmutableArray<InstructionModel> code)
    {
        var instructions = _builder.CreateOffsetVector([.. code.Select(Instruction)]);
        var none = flat.Int32s([]);
        _builder.StartTable(4);
        _builder.AddOffset(0, none);
        _builder.AddOffset(1, none);
        _builder.AddOffset(2, instructions);
        return _builder.EndTable();
    }

    private int Instruction(InstructionModel instruction)
    {
        var (kind, arguments) = instruction switch
        {
            InstructionModel.KernelCall call => ((byte)1, Call(call.OperatorIndex, call.Arguments)),
            InstructionModel.DelegateCall call => ((byte)2, Call(call.DelegateIndex, call.Arguments)),
            InstructionModel.Move move => ((byte)3, Pair(move.From, move.To)),
            InstructionModel.JumpFalse jump => ((byte)4, Pair(jump.Condition, jump.Destination)),
            InstructionModel.Free free => ((byte)5, Pair(free.Value, 0)),
            _ => throw new TandemException(ErrorCode.ProgramNotSupported, "an instruction of this kind cannot be written", new ErrorDetails { Found = instruction.GetType().Name }),
        };
        _builder.StartTable(2);
        _builder.AddByte(0, kind);
        _builder.AddOffset(1, arguments);
        return _builder.EndTable();
    }

    private int Call(int index, ImmutableArray<int> arguments)
    {
        var items = flat.Int32s(arguments.AsSpan());
        _builder.StartTable(2);
        flat.Int32(0, index);
        _builder.AddOffset(1, items);
        return _builder.EndTable();
    }

    private int Pair(int first, int second)
    {
        _builder.StartTable(2);
        flat.Int32(0, first);
        flat.Int32(1, second);
        return _builder.EndTable();
    }

    private int Operator(string fullName)
    {
        var dot = fullName.IndexOf('.');
        var name = flat.String(dot < 0 ? fullName : fullName[..dot]);
        var overload = flat.String(dot < 0 ? "" : fullName[(dot + 1)..]);
        _builder.StartTable(2);
        _builder.AddOffset(0, name);
        _builder.AddOffset(1, overload);
        return _builder.EndTable();
    }

    private int Delegate(DelegateImage image, (bool IsSegment, int Index) payload)
    {
        var id = flat.String(image.BackendId);
        _builder.StartTable(2);
        flat.Byte(0, payload.IsSegment ? (byte)1 : (byte)0);
        flat.Int32(1, payload.Index);
        var processed = _builder.EndTable();
        var specs = _builder.CreateOffsetVector([.. image.CompileSpecs.Select(CompileSpec)]);
        _builder.StartTable(3);
        _builder.AddOffset(0, id);
        _builder.AddOffset(1, processed);
        _builder.AddOffset(2, specs);
        return _builder.EndTable();
    }

    private int CompileSpec(CompileSpec spec)
    {
        var (key, value) = (flat.String(spec.Key), flat.Bytes(spec.Value.Span));
        _builder.StartTable(2);
        _builder.AddOffset(0, key);
        _builder.AddOffset(1, value);
        return _builder.EndTable();
    }

    private int Device(BufferDeviceModel device)
    {
        _builder.StartTable(3);
        flat.Int32(0, device.BufferIndex);
        flat.Byte(1, (byte)device.DeviceType);
        flat.Byte(2, (byte)device.DeviceIndex);
        return _builder.EndTable();
    }
}
