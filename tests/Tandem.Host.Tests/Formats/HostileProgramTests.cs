using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Formats;

public sealed class HostileProgramTests
{
    private static FlatNode[] Values(FlatNode plan) => (FlatNode[])plan[2]!;

    private static ErrorCode? Value(FlatNode value) => ModelCheck.Program(Programs.With(plan => plan[2] = (FlatNode[])[.. Values(plan), value]));

    private static ErrorCode? Instruction(byte kind, FlatNode arguments) => ModelCheck.Program(Programs.With(plan =>
        plan[5] = new FlatNode[] { new() { [2] = new FlatNode[] { Programs.Instruction(kind, arguments) } } }));

    private static ErrorCode? Plan(int slot, object? value) => ModelCheck.Program(Programs.With(plan => plan[slot] = value));

    private static ErrorCode? Root(int slot, object? value) => ModelCheck.Program(Programs.With(root: root => root[slot] = value));

    [Fact]
    [ProducesError(ErrorCode.TensorInvalid)]
    public void T1_ImpossibleTensors()
    {
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([.. Enumerable.Repeat(1, 10_000)])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([.. Enumerable.Repeat(1, 17)])));
        Assert.Null(Value(Programs.Tensor([.. Enumerable.Repeat(1, 16)])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([int.MaxValue, int.MaxValue, 4])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([int.MaxValue, int.MaxValue])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([-1])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([int.MinValue])));
        Assert.Null(Value(Programs.Tensor([0, 4])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([2, 2], dimOrder: [0, 0])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([2, 2], dimOrder: [0, 2])));
        Assert.Equal(ErrorCode.TensorInvalid, Value(Programs.Tensor([2, 2], dimOrder: [0])));
        Assert.NotNull(Value(Programs.Value(5, new FlatNode { [0] = (byte)200, [2] = new[] { 1 }, [3] = new byte[] { 0 } })));
        Assert.Equal(ErrorCode.ProgramNotSupported, Value(Programs.Value(5, new FlatNode { [0] = (byte)6, [1] = 4, [2] = new[] { 1 }, [3] = new byte[] { 0 } })));
        Assert.Equal(ErrorCode.ProgramNotSupported, Value(Programs.Value(5, new FlatNode { [0] = (byte)6, [2] = new[] { 1 }, [3] = new byte[] { 0 }, [8] = (byte)2 })));
    }

    [Fact]
    public void T1_ATensorAsLargeAsTheAddressSpaceIsNotPlanned() =>
        Assert.Equal(ErrorCode.MemoryPlanInvalid, Value(Programs.Tensor([int.MaxValue, 1 << 30], Programs.Allocation(1, 0))));

    [Fact]
    [ProducesError(ErrorCode.MemoryPlanInvalid)]
    public void T1_ImpossiblePlans()
    {
        foreach (var (id, offset) in new (uint, ulong)[] { (0, 0), (2, 0), (uint.MaxValue, 0), (1, 61), (1, 65), (1, ulong.MaxValue), (1, 1ul << 63), (1, (ulong)long.MaxValue) })
        {
            Assert.Equal(ErrorCode.MemoryPlanInvalid, Value(Programs.Tensor([1], Programs.Allocation(id, offset))));
        }

        Assert.Null(Value(Programs.Tensor([1], Programs.Allocation(1, 60))));
        Assert.Equal(ErrorCode.MemoryPlanInvalid, Plan(8, new long[] { 0, -1 }));
        Assert.Equal(ErrorCode.MemoryPlanInvalid, Plan(8, new long[] { 0, long.MinValue }));
        Assert.Equal(ErrorCode.MemoryPlanInvalid, Plan(8, Array.Empty<long>()));
    }

    [Fact]
    [ProducesError(ErrorCode.ConstantOutOfRange)]
    public void T1_ConstantsOutsideTheirSegment()
    {
        Assert.Equal(ErrorCode.ConstantOutOfRange, Value(Programs.Tensor([5], dataIndex: 1)));
        Assert.Equal(ErrorCode.ConstantOutOfRange, Root(5, new FlatNode { [0] = 0u, [1] = new long[] { 0, 17 } }));
        Assert.Equal(ErrorCode.ConstantOutOfRange, Root(5, new FlatNode { [0] = 0u, [1] = new long[] { 0, -1 } }));
        Assert.Equal(ErrorCode.ConstantOutOfRange, Root(5, new FlatNode { [0] = 0u, [1] = new long[] { 0, 8 } }));
    }

    [Fact]
    [ProducesError(ErrorCode.ProgramIndexOutOfRange)]
    public void T1_IndicesThatReferToNothing()
    {
        foreach (var index in new[] { 999, 13, -1, int.MaxValue, int.MinValue })
        {
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Plan(3, new[] { index }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Plan(4, new[] { index }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(1, new FlatNode { [0] = index, [1] = new[] { 0 } }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(1, new FlatNode { [0] = 0, [1] = new[] { index } }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(2, new FlatNode { [0] = index, [1] = new[] { 0 } }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(3, new FlatNode { [0] = index, [1] = 0 }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(3, new FlatNode { [0] = 0, [1] = index }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(4, new FlatNode { [0] = index, [1] = 0 }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(4, new FlatNode { [0] = 8, [1] = index == 13 ? 2 : index }));
            Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Instruction(5, new FlatNode { [0] = index }));
        }

        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Value(Programs.Tensor([1], dataIndex: 999)));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Value(Programs.Tensor([1], Programs.Allocation(1, 0), dataIndex: 999)));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Value(Programs.Value(7, new FlatNode { [0] = new long[] { 1L << 32 } })));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Value(Programs.Value(10, new FlatNode { [0] = new[] { -1 } })));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Value(Programs.Value(11, new FlatNode { [0] = new[] { -2 } })));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Root(7, new FlatNode[] { new() { [0] = "k", [1] = 2u } }));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Root(5, new FlatNode { [0] = 9u, [1] = new long[] { 0, 0 } }));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Plan(7, new FlatNode[] { new() { [0] = "B", [1] = new FlatNode { [0] = (byte)1, [1] = 2u } } }));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, Plan(7, new FlatNode[] { new() { [0] = "B", [1] = new FlatNode { [1] = 0u } } }));
    }

    [Fact]
    [ProducesError(ErrorCode.InstructionInvalid)]
    public void T1_ValuesOfAnotherKind()
    {
        Assert.Equal(ErrorCode.InstructionInvalid, Value(Programs.Value(7, new FlatNode { [0] = new long[] { 0 } })));
        Assert.Equal(ErrorCode.InstructionInvalid, Value(Programs.Value(7, new FlatNode { [0] = new long[] { 13 } })));
        Assert.Equal(ErrorCode.InstructionInvalid, Value(Programs.Value(10, new FlatNode { [0] = new[] { 2 } })));
        Assert.Equal(ErrorCode.InstructionInvalid, Value(Programs.Value(11, new FlatNode { [0] = new[] { 2 } })));
        Assert.Equal(ErrorCode.InstructionInvalid, Instruction(5, new FlatNode { [0] = 2 }));
        Assert.Equal(ErrorCode.InstructionInvalid, Instruction(4, new FlatNode { [0] = 10, [1] = 0 }));
    }

    [Fact]
    [ProducesError(ErrorCode.SegmentOutOfRange)]
    public void T1_SegmentsOutsideTheFile()
    {
        foreach (var (offset, size) in new (ulong, ulong)[] { (ulong.MaxValue, 999_999_999), (0, 33), (32, 1), (33, 0), (16, ulong.MaxValue), (ulong.MaxValue, ulong.MaxValue), (1ul << 63, 1ul << 63) })
        {
            Assert.Equal(ErrorCode.SegmentOutOfRange, Root(4, new FlatNode[] { new() { [0] = 0ul, [1] = 16ul }, new() { [0] = offset, [1] = size } }));
            Assert.Equal(ErrorCode.SegmentOutOfRange, ModelCheck.Data(Programs.Data([2, 2], offset, size).DataFile(Programs.Segments)));
        }
    }

    [Fact]
    public void SegmentsMayOverlap() =>
        Assert.Null(Root(4, new FlatNode[] { new() { [0] = 0ul, [1] = 32ul }, new() { [0] = 8ul, [1] = 24ul } }));

    [Fact]
    [ProducesError(ErrorCode.ProgramFieldMissing)]
    public void T1_MissingFields()
    {
        Assert.Equal(ErrorCode.ProgramFieldMissing, Root(1, null));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Plan(0, null));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Plan(2, null));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Plan(6, new FlatNode[] { [] }));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Root(7, new FlatNode[] { [] }));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Value([]));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Value(Programs.Value(6, [])));
        Assert.Equal(ErrorCode.ProgramFieldMissing, Value(Programs.Tensor([1], extra: new FlatNode { [2] = (byte)1 })));
    }

    [Fact]
    [ProducesError(ErrorCode.ProgramNotSupported)]
    public void WhatExecuTorchDoesNotRunEither()
    {
        Assert.Equal(ErrorCode.ProgramNotSupported, Value(Programs.Value(12, [])));
        Assert.Equal(ErrorCode.ProgramNotSupported, Instruction(6, []));
        Assert.Equal(ErrorCode.ProgramNotSupported, Plan(5, new FlatNode[] { [], [] }));
        Assert.Equal(ErrorCode.ProgramNotSupported, ModelCheck.Program(Programs.Root(Programs.Plan(), Programs.Plan()).Program(Programs.Segments)));
        Assert.Equal(ErrorCode.ProgramNotSupported, Root(6, new FlatNode[] { [], [] }));
    }

    [Fact]
    [ProducesError(ErrorCode.ProgramLimitExceeded)]
    public void T1_LongNamesAndManyMethods()
    {
        Assert.Equal(ErrorCode.ProgramLimitExceeded, Plan(6, new FlatNode[] { new() { [0] = new string('a', 100) } }));
        var values = Array.Empty<FlatNode>();
        var watch = Stopwatch.StartNew();
        var file = Programs.Root([.. Enumerable.Range(0, 100_000).Select(i => new FlatNode { [0] = $"m{i}", [2] = values })]).Program(Programs.Segments);
        watch.Restart();
        Assert.Equal(ErrorCode.ProgramLimitExceeded, ModelCheck.Program(file));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 2);
    }

    [Fact]
    public void T1_SharedVectorsDoNotMultiply()
    {
        var sizes = Enumerable.Repeat(1L, 200_000).ToArray();
        var plan = Programs.Plan();
        plan[2] = (FlatNode[])[.. Values(plan), .. Enumerable.Range(0, 1000).Select(_ => Programs.Value(8, new FlatNode { [0] = sizes }))];
        CheckCost(Programs.Root(plan).Program(Programs.Segments));

        var one = Programs.Int(3);
        plan[2] = Enumerable.Repeat(one, 900_000).ToArray();
        CheckCost(Programs.Root(plan).Program(Programs.Segments));

        var offsets = new long[3_000_000];
        CheckCost(new FlatNode
        {
            [1] = Array.Empty<FlatNode>(),
            [4] = new FlatNode[] { new() { [1] = 16ul } },
            [5] = new FlatNode { [1] = offsets },
            [6] = new FlatNode[] { new() { [1] = offsets } },
        }.Program(Programs.Segments));
    }

    [Fact]
    [ProducesError(ErrorCode.FormatNotRecognised)]
    [ProducesError(ErrorCode.FormatNotSupported)]
    [ProducesError(ErrorCode.SourceTruncated)]
    public void OtherFormatsAreNamed()
    {
        Assert.Equal(ErrorCode.FormatNotRecognised, ModelCheck.Program(Programs.Data([1]).DataFile(Programs.Segments)));
        Assert.Equal(ErrorCode.FormatNotRecognised, ModelCheck.Data(Programs.With()));
        Assert.Equal(ErrorCode.FormatNotRecognised, ModelCheck.Program(new byte[100]));
        Assert.Equal(ErrorCode.FormatNotSupported, ModelCheck.Program(Identified("BP08")));
        Assert.Equal(ErrorCode.FormatNotSupported, ModelCheck.Program(Identified("ET13")));
        Assert.Equal(ErrorCode.SourceTruncated, ModelCheck.Program(ReadOnlyMemory<byte>.Empty));
        Assert.Equal(ErrorCode.SourceTruncated, ModelCheck.Data(new byte[7]));

        static byte[] Identified(string identifier)
        {
            var file = Programs.With();
            Encoding.ASCII.GetBytes(identifier).CopyTo(file, 4);
            return file;
        }
    }

    [Fact]
    [ProducesError(ErrorCode.HeaderInvalid)]
    public void HeadersOfEveryLength()
    {
        Assert.Null(WithHeader(header => BinaryPrimitives.WriteInt32LittleEndian(header[4..], 24)));
        Assert.Null(WithHeader(header => BinaryPrimitives.WriteInt32LittleEndian(header[4..], 64)));
        Assert.Equal(ErrorCode.HeaderInvalid, WithHeader(header => BinaryPrimitives.WriteInt32LittleEndian(header[4..], 23)));
        Assert.Equal(ErrorCode.HeaderInvalid, WithHeader(header => BinaryPrimitives.WriteInt32LittleEndian(header[4..], -1)));
        Assert.Equal(ErrorCode.HeaderInvalid, WithHeader(header => BinaryPrimitives.WriteInt64LittleEndian(header[8..], -1)));
        Assert.Equal(ErrorCode.HeaderInvalid, WithHeader(header => BinaryPrimitives.WriteInt64LittleEndian(header[8..], 31)));
        Assert.Equal(ErrorCode.HeaderInvalid, WithHeader(header => BinaryPrimitives.WriteInt64LittleEndian(header[16..], 64)));
        Assert.Equal(ErrorCode.SourceTruncated, WithHeader(header => BinaryPrimitives.WriteInt64LittleEndian(header[24..], long.MaxValue)));
        Assert.Null(ModelCheck.Program(new FlatNode { [1] = Array.Empty<FlatNode>() }.Program()));

        static ErrorCode? WithHeader(SpanChange change)
        {
            var file = Programs.With();
            change(file.AsSpan(8));
            return ModelCheck.Program(file);
        }
    }

    [Fact]
    public void DataFilesThatAreTooShortForTheirLayouts()
    {
        Assert.Null(ModelCheck.Data(Programs.Data([2, 2]).DataFile(Programs.Segments)));
        Assert.Equal(ErrorCode.TensorInvalid, ModelCheck.Data(Programs.Data([5]).DataFile(Programs.Segments)));
        Assert.Equal(ErrorCode.TensorInvalid, ModelCheck.Data(Programs.Data([int.MaxValue, int.MaxValue, int.MaxValue]).DataFile(Programs.Segments)));
        Assert.Equal(ErrorCode.ProgramIndexOutOfRange, ModelCheck.Data(Programs.Data([1], segment: 1).DataFile(Programs.Segments)));
    }

    private delegate void SpanChange(Span<byte> header);

    private static void CheckCost(byte[] file)
    {
        ModelCheck.Program(Programs.With());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        ModelCheck.Program(file);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 2);
        // Everything that was allocated, whether or not the collector took it back: an upper bound of what lives.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (4L * file.Length) + (64 << 20));
    }
}
