using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Formats;

/// <summary>Reads bytes that may be hostile: the result is a typed error, or a model of which nothing leaves the file or its arenas.</summary>
internal static class ModelCheck
{
    public static ErrorCode? Program(ReadOnlyMemory<byte> file)
    {
        using var source = DataSource.FromMemory("test.pte", file);
        ProgramModel model;
        try
        {
            model = ProgramReader.Read(source);
        }
        catch (TandemException error)
        {
            return Typed(error);
        }

        Ranges(model.Segments, file.Length);
        Ranges(model.Constants, file.Length);
        Ranges(model.MutableInitialData, file.Length);
        Ranges(model.NamedData.Select(entry => entry.Range), file.Length);
        foreach (var plan in model.Plans)
        {
            Ranges(plan.Delegates.Select(item => item.Processed), file.Length);
            Plan(model, plan);
        }

        return null;
    }

    public static ErrorCode? Data(ReadOnlyMemory<byte> file)
    {
        using var source = DataSource.FromMemory("test.ptd", file);
        try
        {
            var model = FlatTensorReader.Read(source);
            Ranges(model.NamedData.Select(entry => entry.Range), file.Length);
            foreach (var entry in model.NamedData)
            {
                Require(entry.Layout is null || entry.Layout.ByteCount <= entry.Range.Length, "a layout fits its bytes");
            }
        }
        catch (TandemException error)
        {
            return Typed(error);
        }

        return null;
    }

    private static ErrorCode Typed(TandemException error)
    {
        Require((int)error.Code is > 1000 and < 3000, $"the code is one of a file: {error.Message}");
        Require(error.Details.File is not null && error.Details.Expected is not null && error.Details.Found is not null, $"the error says file, expected and found: {error.Message}");
        return error.Code;
    }

    private static void Plan(ProgramModel model, ExecutionPlanModel plan)
    {
        foreach (var index in plan.Inputs.Concat(plan.Outputs))
        {
            Index(index, plan.Values.Length);
        }

        foreach (var value in plan.Values)
        {
            switch (value)
            {
                case ValueModel.IntList list:
                    Require(list.ValueIndices.All(i => plan.Values[i] is ValueModel.Int or ValueModel.None), "lists of Ints");
                    break;
                case ValueModel.TensorList list:
                    Require(list.ValueIndices.All(i => plan.Values[i] is ValueModel.Tensor), "lists of tensors");
                    break;
                case ValueModel.OptionalTensorList list:
                    Require(list.ValueIndices.All(i => i == -1 || plan.Values[i] is ValueModel.Tensor or ValueModel.None), "lists of tensors");
                    break;
                case ValueModel.Tensor tensor:
                    Tensor(model, plan, tensor);
                    break;
            }
        }

        foreach (var chain in plan.Chains)
        {
            foreach (var instruction in chain)
            {
                switch (instruction)
                {
                    case InstructionModel.KernelCall call:
                        Index(call.OperatorIndex, plan.Operators.Length);
                        Require(call.Arguments.All(i => (uint)i < (uint)plan.Values.Length), "arguments");
                        break;
                    case InstructionModel.DelegateCall call:
                        Index(call.DelegateIndex, plan.Delegates.Length);
                        Require(call.Arguments.All(i => (uint)i < (uint)plan.Values.Length), "arguments");
                        break;
                    case InstructionModel.Move move:
                        Index(move.From, plan.Values.Length);
                        Index(move.To, plan.Values.Length);
                        break;
                    case InstructionModel.JumpFalse jump:
                        Index(jump.Condition, plan.Values.Length);
                        Index(jump.Destination, chain.Length + 1);
                        break;
                    case InstructionModel.Free free:
                        Index(free.Value, plan.Values.Length);
                        break;
                }
            }
        }
    }

    private static void Tensor(ProgramModel model, ExecutionPlanModel plan, ValueModel.Tensor tensor)
    {
        var (layout, bytes) = (tensor.Layout, tensor.Layout.ByteCount);
        Require(bytes >= 0 && layout.Sizes.Length <= 16, "rank and bytes");
        Int128 product = layout.ScalarType.Size();
        foreach (var size in layout.Sizes)
        {
            Require(size >= 0, "sizes");
            product *= size;
        }

        Require(product == bytes, "bytes are the product of sizes");
        Require(layout.DimOrder.ToArray().Order().SequenceEqual(Enumerable.Range(0, layout.Sizes.Length).Select(i => (byte)i)), "dim order");
        if (tensor.Storage is TensorStorageKind.Planned or TensorStorageKind.PlannedInitialised or TensorStorageKind.PlannedExternal)
        {
            Require(tensor.MemoryId >= 1 && tensor.MemoryOffset >= 0, "memory id");
            Require((Int128)tensor.MemoryOffset + bytes <= plan.PlannedBufferSizes[tensor.MemoryId], "planned memory");
        }

        if (tensor.Storage is TensorStorageKind.Constant or TensorStorageKind.PlannedInitialised)
        {
            var data = tensor.Storage == TensorStorageKind.Constant ? model.Constants : model.MutableInitialData;
            Require(bytes <= data[tensor.DataIndex].Length, "constants");
        }
    }

    private static void Index(int index, int count) => Require((uint)index < (uint)count, "an index");

    private static void Ranges(IEnumerable<DataRange> ranges, long length)
    {
        foreach (var range in ranges)
        {
            Require(range.Offset >= 0 && range.Length >= 0 && (Int128)range.Offset + range.Length <= length, "a range");
        }
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            Assert.Fail(what);
        }
    }
}
