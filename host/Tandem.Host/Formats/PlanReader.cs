using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tandem.FlatBuffers;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Reads and verifies one method.</summary>
internal sealed class PlanReader(PlanContext context, string location)
{
    private const int MaxOperatorName = 100;

    internal ExecutionPlanModel Read(FlatTable table)
    {
        var name = table.ReadString(0) ?? throw ProgramReader.Missing($"{location}.name");
        var bufferSizes = table.ReadInt64s(8);
        for (var i = 0; i < bufferSizes.Length; i++)
        {
            if (bufferSizes[i] < 0 || bufferSizes[i] > long.MaxValue / 2)
            {
                throw Plan("a planned buffer's size is impossible", $"non_const_buffer_sizes[{i}]", "0 or more", bufferSizes[i].ToString());
            }
        }

        var values = ReadValues(table, bufferSizes);
        var operators = ReadOperators(table);
        var delegates = ReadDelegates(table);
        var (inputs, outputs) = (ReadIndices(table, 3, values, "inputs"), ReadIndices(table, 4, values, "outputs"));
        var (encodedInputs, encodedOutputs) = ("", "");
        if (table.Has(1))
        {
            var meta = table.ReadTable(1, "container_meta_type");
            (encodedInputs, encodedOutputs) = (meta.ReadString(0) ?? "", meta.ReadString(1) ?? "");
        }

        return new ExecutionPlanModel
        {
            Name = name,
            Values = values,
            Inputs = inputs,
            Outputs = outputs,
            Operators = operators,
            Delegates = delegates,
            Chains = ReadChains(table, values, operators.Length, delegates.Length),
            PlannedBufferSizes = ImmutableCollectionsMarshal.AsImmutableArray(bufferSizes),
            PlannedBufferDevices = ReadDevices(table, bufferSizes.Length),
            EncodedInputs = encodedInputs,
            EncodedOutputs = encodedOutputs,
        };
    }

    internal static TensorLayout ReadLayout(byte scalarType, int[] sizes, byte[] dimOrder, string where)
    {
        try
        {
            return dimOrder.Length == sizes.Length ? new TensorLayout((ScalarType)scalarType, sizes, dimOrder)
                : throw new TandemException(ErrorCode.TensorInvalid, "sizes and dim order differ in length",
                    new ErrorDetails { Expected = $"{sizes.Length} entries", Found = $"{dimOrder.Length} entries" });
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { Location = where, NextStep = "write the file anew" });
        }
    }

    private ImmutableArray<ValueModel> ReadValues(FlatTable plan, long[] bufferSizes)
    {
        var vector = plan.ReadVector(2, 4);
        if (!vector.IsPresent)
        {
            throw ProgramReader.Missing($"{location}.values");
        }

        var values = ImmutableArray.CreateBuilder<ValueModel>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            values.Add(ReadValue(plan.TableAt(vector, i), vector.Count, bufferSizes, $"{location}.values[{i}]"));
        }

        var result = values.MoveToImmutable();
        CheckLists(result);
        return result;
    }

    private ValueModel ReadValue(FlatTable value, int valueCount, long[] bufferSizes, string where)
    {
        var kind = value.ReadByte(0);
        if (kind is 0 or 1 && !value.Has(1))
        {
            return kind == 1 ? new ValueModel.None() : throw ProgramReader.Missing($"{where}.val");
        }

        var table = value.ReadTable(1, "val");
        switch (kind)
        {
            case 1:
                return new ValueModel.None();
            case 2:
                return new ValueModel.Int(table.ReadInt64(0));
            case 3:
                return new ValueModel.Bool(table.ReadByte(0) != 0);
            case 4:
                return new ValueModel.Double(table.ReadDouble(0));
            case 5:
                return ReadTensor(table, bufferSizes, where);
            case 6:
                return new ValueModel.String(table.ReadString(0) ?? throw ProgramReader.Missing($"{where}.string_val"));
            case 7:
                var indices = table.ReadInt64s(0);
                foreach (var index in indices)
                {
                    CheckIndex(index, valueCount, $"{where}.items");
                }

                return new ValueModel.IntList([.. indices.Select(index => (int)index)]);
            case 8:
                var doubles = table.ReadVector(0, 8);
                return new ValueModel.DoubleList([.. MemoryMarshal.Cast<byte, double>(table.Bytes(doubles, 8))]);
            case 9:
                return new ValueModel.BoolList([.. table.ReadBytes(0).Select(item => item != 0)]);
            case 10:
            case 11:
                var items = table.ReadInt32s(0);
                foreach (var index in items)
                {
                    if (kind == 10 || index != -1)
                    {
                        CheckIndex(index, valueCount, $"{where}.items");
                    }
                }

                var list = ImmutableCollectionsMarshal.AsImmutableArray(items);
                return kind == 10 ? new ValueModel.TensorList(list) : new ValueModel.OptionalTensorList(list);
            default:
                throw new TandemException(ErrorCode.ProgramNotSupported, "a value is of an unknown kind", new ErrorDetails
                {
                    Location = where,
                    Expected = "KernelTypes 1 to 11",
                    Found = kind.ToString(),
                });
        }
    }

    private void CheckLists(ImmutableArray<ValueModel> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var (items, allowed, what) = values[i] switch
            {
                ValueModel.IntList list => (list.ValueIndices, (Func<ValueModel, bool>)(item => item is ValueModel.Int or ValueModel.None), "Int"),
                ValueModel.TensorList list => (list.ValueIndices, item => item is ValueModel.Tensor, "Tensor"),
                ValueModel.OptionalTensorList list => (list.ValueIndices, item => item is ValueModel.Tensor or ValueModel.None, "Tensor or None"),
                _ => (default, null!, ""),
            };
            if (items.IsDefault)
            {
                continue;
            }

            foreach (var index in items)
            {
                if (index >= 0 && !allowed(values[index]))
                {
                    throw new TandemException(ErrorCode.InstructionInvalid, "a list refers to a value of another kind", new ErrorDetails
                    {
                        Location = $"{location}.values[{i}]",
                        Expected = what,
                        Found = values[index].GetType().Name,
                    });
                }
            }
        }
    }

    private ValueModel.Tensor ReadTensor(FlatTable table, long[] bufferSizes, string where)
    {
        var layout = ReadLayout(table.ReadByte(0), table.ReadInt32s(2), table.ReadBytes(3), where);
        if (table.ReadInt32(1) != 0)
        {
            throw NotSupported("a tensor has a storage offset", where, "0", table.ReadInt32(1).ToString());
        }

        var dynamism = table.ReadByte(8);
        if (dynamism > 1)
        {
            throw NotSupported("a tensor's shape has no upper bound", where, "static or bounded", $"TensorShapeDynamism {dynamism}");
        }

        string? name = null;
        var (isExternal, deviceType) = (false, 0);
        if (table.Has(9))
        {
            var extra = table.ReadTable(9, "extra_tensor_info");
            name = extra.ReadString(1);
            isExternal = extra.ReadByte(2) == 1;
            deviceType = extra.ReadByte(3);
        }

        var bufferIndex = table.ReadUInt32(5);
        var isPlanned = table.Has(6);
        var (memoryId, offset) = isPlanned ? ReadAllocation(table.ReadTable(6, "allocation_info"), layout, bufferSizes, where) : (0, 0);
        if (isExternal && string.IsNullOrEmpty(name))
        {
            throw ProgramReader.Missing($"{where}.extra_tensor_info.fully_qualified_name");
        }

        var storage = isExternal ? (isPlanned ? TensorStorageKind.PlannedExternal : TensorStorageKind.ExternalConstant)
            : bufferIndex > 0 ? (isPlanned ? TensorStorageKind.PlannedInitialised : TensorStorageKind.Constant)
            : isPlanned ? TensorStorageKind.Planned : TensorStorageKind.Unplanned;
        if (storage is TensorStorageKind.Constant or TensorStorageKind.PlannedInitialised)
        {
            var data = storage == TensorStorageKind.Constant ? context.Constants : context.MutableInitialData;
            if (bufferIndex >= data.Length)
            {
                throw ProgramReader.OutOfRange($"{where}.data_buffer_idx", data.Length, bufferIndex);
            }

            if (layout.ByteCount > data[(int)bufferIndex].Length)
            {
                throw new TandemException(ErrorCode.ConstantOutOfRange, "a constant ends outside its segment", new ErrorDetails
                {
                    Location = where,
                    Expected = $"{layout.ByteCount} bytes for {layout}",
                    Found = $"{data[(int)bufferIndex].Length} bytes",
                });
            }
        }

        return new ValueModel.Tensor
        {
            Layout = layout,
            Dynamism = (ShapeDynamism)dynamism,
            Storage = storage,
            DataIndex = storage is TensorStorageKind.Constant or TensorStorageKind.PlannedInitialised ? (int)bufferIndex : 0,
            MemoryId = memoryId,
            MemoryOffset = offset,
            Name = name,
            DeviceType = deviceType,
        };
    }

    private (int MemoryId, long Offset) ReadAllocation(FlatTable table, TensorLayout layout, long[] bufferSizes, string where)
    {
        var id = table.ReadUInt32(0);
        if (id == 0 || id >= bufferSizes.Length)
        {
            throw Plan("a tensor is planned in a buffer that does not exist", $"{where}.allocation_info.memory_id", bufferSizes.Length <= 1 ? "no planned memory" : $"1 to {bufferSizes.Length - 1}", id.ToString());
        }

        var offset = ((ulong)table.ReadUInt32(2) << 32) | table.ReadUInt32(1);
        var size = (ulong)bufferSizes[id];
        return offset <= size && (ulong)layout.ByteCount <= size - offset ? ((int)id, (long)offset)
            : throw Plan("a tensor is planned outside its buffer", $"{where}.allocation_info", $"within {size} bytes", $"offset {offset}, {layout.ByteCount} bytes");
    }

    private ImmutableArray<string> ReadOperators(FlatTable plan)
    {
        var vector = plan.ReadVector(6, 4);
        var operators = ImmutableArray.CreateBuilder<string>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var table = plan.TableAt(vector, i);
            var name = table.ReadString(0) ?? throw ProgramReader.Missing($"{location}.operators[{i}].name");
            var overload = table.ReadString(1);
            var full = string.IsNullOrEmpty(overload) ? name : $"{name}.{overload}";
            operators.Add(full.Length < MaxOperatorName ? full
                : throw new TandemException(ErrorCode.ProgramLimitExceeded, "an operator's name is too long",
                    new ErrorDetails { Location = $"{location}.operators[{i}]", Expected = $"under {MaxOperatorName} characters", Found = full.Length.ToString() }));
        }

        return operators.MoveToImmutable();
    }

    private ImmutableArray<DelegateModel> ReadDelegates(FlatTable plan)
    {
        var vector = plan.ReadVector(7, 4);
        var delegates = ImmutableArray.CreateBuilder<DelegateModel>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var where = $"{location}.delegates[{i}]";
            var table = plan.TableAt(vector, i);
            var id = table.ReadString(0) ?? throw ProgramReader.Missing($"{where}.id");
            var processed = table.ReadTable(1, "processed");
            var (isSegment, index) = (processed.ReadByte(0) == 1, processed.ReadUInt32(1));
            var data = isSegment ? context.Segments : context.InlineData;
            if (index >= data.Length)
            {
                throw ProgramReader.OutOfRange($"{where}.processed.index", data.Length, index);
            }

            delegates.Add(new DelegateModel(id, data[(int)index], isSegment ? (int)index : -1, ReadCompileSpecs(table, where)));
        }

        return delegates.MoveToImmutable();
    }

    private static ImmutableArray<CompileSpec> ReadCompileSpecs(FlatTable table, string where)
    {
        var vector = table.ReadVector(2, 4);
        var specs = ImmutableArray.CreateBuilder<CompileSpec>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var spec = table.TableAt(vector, i);
            specs.Add(new CompileSpec(spec.ReadString(0) ?? throw ProgramReader.Missing($"{where}.compile_specs[{i}].key"), spec.ReadBytes(1)));
        }

        return specs.MoveToImmutable();
    }

    private ImmutableArray<ImmutableArray<InstructionModel>> ReadChains(FlatTable plan, ImmutableArray<ValueModel> values, int operators, int delegates)
    {
        var vector = plan.ReadVector(5, 4);
        if (vector.Count > 1)
        {
            throw NotSupported("a method has several chains", $"{location}.chains", "1, as every exporter writes", vector.Count.ToString());
        }

        var chains = ImmutableArray.CreateBuilder<ImmutableArray<InstructionModel>>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var chain = plan.TableAt(vector, i);
            var items = chain.ReadVector(2, 4);
            var instructions = ImmutableArray.CreateBuilder<InstructionModel>(items.Count);
            for (var k = 0; k < items.Count; k++)
            {
                instructions.Add(ReadInstruction(chain.TableAt(items, k), values, operators, delegates, items.Count, $"{location}.chains[{i}].instructions[{k}]"));
            }

            chains.Add(instructions.MoveToImmutable());
        }

        return chains.MoveToImmutable();
    }

    private InstructionModel ReadInstruction(FlatTable instruction, ImmutableArray<ValueModel> values, int operators, int delegates, int count, string where)
    {
        var kind = instruction.ReadByte(0);
        var table = instruction.ReadTable(1, "instr_args");
        switch (kind)
        {
            case 1:
            case 2:
                var (index, limit) = (table.ReadInt32(0), kind == 1 ? operators : delegates);
                CheckIndex(index, limit, kind == 1 ? $"{where}.op_index" : $"{where}.delegate_index");
                var arguments = ReadIndices(table, 1, values, $"{where}.args", absolute: true);
                return kind == 1 ? new InstructionModel.KernelCall(index, arguments) : new InstructionModel.DelegateCall(index, arguments);
            case 3:
                var (from, to) = (table.ReadInt32(0), table.ReadInt32(1));
                CheckIndex(from, values.Length, $"{where}.move_from");
                CheckIndex(to, values.Length, $"{where}.move_to");
                return new InstructionModel.Move(from, to);
            case 4:
                var (condition, destination) = (table.ReadInt32(0), table.ReadInt32(1));
                CheckIndex(condition, values.Length, $"{where}.cond_value_index");
                CheckIndex(destination, count + 1L, $"{where}.destination_instruction");
                return values[condition] is ValueModel.Bool or ValueModel.Int or ValueModel.Tensor or ValueModel.None
                    ? new InstructionModel.JumpFalse(condition, destination)
                    : throw new TandemException(ErrorCode.InstructionInvalid, "a jump's condition is of another kind",
                        new ErrorDetails { Location = where, Expected = "Bool or Tensor", Found = values[condition].GetType().Name });
            case 5:
                var value = table.ReadInt32(0);
                CheckIndex(value, values.Length, $"{where}.value_index");
                return values[value] is ValueModel.Tensor ? new InstructionModel.Free(value)
                    : throw new TandemException(ErrorCode.InstructionInvalid, "only tensors are freed",
                        new ErrorDetails { Location = where, Expected = "Tensor", Found = values[value].GetType().Name });
            default:
                throw NotSupported("an instruction is of an unknown kind", where, "InstructionArguments 1 to 5", kind.ToString());
        }
    }

    private ImmutableArray<BufferDeviceModel> ReadDevices(FlatTable plan, int buffers)
    {
        var vector = plan.ReadVector(9, 4);
        var devices = ImmutableArray.CreateBuilder<BufferDeviceModel>(vector.Count);
        for (var i = 0; i < vector.Count; i++)
        {
            var table = plan.TableAt(vector, i);
            CheckIndex(table.ReadInt32(0), buffers, $"{location}.non_const_buffer_device[{i}]");
            devices.Add(new BufferDeviceModel(table.ReadInt32(0), table.ReadByte(1), table.ReadByte(2)));
        }

        return devices.MoveToImmutable();
    }

    private ImmutableArray<int> ReadIndices(FlatTable table, int slot, ImmutableArray<ValueModel> values, string name, bool absolute = false)
    {
        var indices = table.ReadInt32s(slot);
        for (var i = 0; i < indices.Length; i++)
        {
            if ((uint)indices[i] >= (uint)values.Length)
            {
                throw ProgramReader.OutOfRange($"{(absolute ? name : $"{location}.{name}")}[{i}]", values.Length, indices[i]);
            }
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(indices);
    }

    private static void CheckIndex(long index, long count, string where)
    {
        if (index < 0 || index >= count)
        {
            throw ProgramReader.OutOfRange(where, count, index);
        }
    }

    private TandemException Plan(string problem, string where, string expected, string found) => new(ErrorCode.MemoryPlanInvalid, problem,
        new ErrorDetails { Location = where.StartsWith(location, StringComparison.Ordinal) ? where : $"{location}.{where}", Expected = expected, Found = found, NextStep = "write the file anew" });

    private static TandemException NotSupported(string problem, string where, string expected, string found) => new(ErrorCode.ProgramNotSupported, problem,
        new ErrorDetails { Location = where, Expected = expected, Found = found, NextStep = "export the program with what ExecuTorch's own runtime runs" });
}
