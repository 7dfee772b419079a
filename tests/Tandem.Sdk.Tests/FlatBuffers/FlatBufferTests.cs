using CsCheck;
using Tandem.FlatBuffers;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Sdk.Tests.FlatBuffers;

public sealed class FlatBufferTests
{
    private static byte[] Sample()
    {
        var builder = new FlatBufferBuilder();
        var name = builder.CreateString("naïve");
        var bytes = builder.CreateVector(new byte[] { 1, 2, 3 }, 1, 16);
        var longs = builder.CreateVector([1L, -2L, long.MaxValue]);
        var children = new int[3];
        for (var i = 0; i < children.Length; i++)
        {
            builder.StartTable(2);
            builder.AddInt32(0, i + 10);
            children[i] = builder.EndTable();
        }

        var tables = builder.CreateOffsetVector(children);
        builder.StartTable(12);
        builder.AddByte(0, 7);
        builder.AddInt16(1, -300);
        builder.AddInt32(2, int.MinValue);
        builder.AddInt64(3, long.MaxValue);
        builder.AddSingle(4, 1.5f);
        builder.AddDouble(5, -0.0);
        builder.AddOffset(6, name);
        builder.AddOffset(7, bytes);
        builder.AddOffset(8, longs);
        builder.AddOffset(9, tables);
        return builder.Finish(builder.EndTable(), "TEST");
    }

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        var buffer = Sample();
        var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
        Assert.Equal(7, root.ReadByte(0));
        Assert.Equal(-300, root.ReadInt16(1));
        Assert.Equal(int.MinValue, root.ReadInt32(2));
        Assert.Equal(long.MaxValue, root.ReadInt64(3));
        Assert.Equal(1.5f, root.ReadSingle(4));
        Assert.True(double.IsNegative(root.ReadDouble(5)));
        Assert.Equal("naïve", root.ReadString(6));
        Assert.Equal(new byte[] { 1, 2, 3 }, root.ReadBytes(7));
        Assert.Equal(0, root.ReadVector(7, 1).Start % 16);
        Assert.Equal([1L, -2L, long.MaxValue], root.ReadInt64s(8));
        var tables = root.ReadVector(9, 4);
        Assert.Equal(3, tables.Count);
        Assert.Equal(12, root.TableAt(tables, 2).ReadInt32(0));
        Assert.Equal(5, root.TableAt(tables, 0).ReadInt32(1, 5));
        Assert.False(root.Has(10));
        Assert.False(root.Has(4000));
        Assert.Null(root.ReadString(10));
        Assert.Empty(root.ReadInt32s(10));
        Assert.Equal("TEST"u8, buffer.AsSpan(4, 4));
        Assert.Equal(0, buffer.Length % 16);
    }

    [Fact]
    public void TheSameCallsGiveTheSameBytes() => Assert.Equal(Sample(), Sample());

    [Fact]
    public void EqualVtablesAreWrittenOnce()
    {
        static int Write(int tables)
        {
            var builder = new FlatBufferBuilder();
            var children = new int[tables];
            for (var i = 0; i < tables; i++)
            {
                builder.StartTable(3);
                builder.AddInt32(2, i);
                children[i] = builder.EndTable();
            }

            return builder.Length;
        }

        Assert.Equal(8, Write(11) - Write(10));
    }

    [Fact]
    public void ScalarsAndVectorsOfAnyLengthReturn() => Gen.Select(Gen.Int.Array[0, 40], Gen.Long.Array[0, 40], Gen.String[0, 40], Gen.Double, Gen.Byte.Array[0, 40])
        .Sample((ints, longs, text, number, bytes) =>
        {
            // A lone surrogate has no UTF-8 form.
            text = string.Concat(text.Where(c => !char.IsSurrogate(c)));
            var builder = new FlatBufferBuilder();
            var (a, b, c, d) = (builder.CreateVector(ints), builder.CreateVector(longs), builder.CreateString(text), builder.CreateVector(bytes, 1, 32));
            builder.StartTable(5);
            builder.AddOffset(3, d);
            builder.AddDouble(4, number);
            builder.AddOffset(2, c);
            builder.AddOffset(1, b);
            builder.AddOffset(0, a);
            var buffer = builder.Finish(builder.EndTable(), "PROP");
            var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
            Assert.Equal(ints, root.ReadInt32s(0));
            Assert.Equal(longs, root.ReadInt64s(1));
            Assert.Equal(text, root.ReadString(2));
            Assert.Equal(bytes, root.ReadBytes(3));
            Assert.Equal(number, root.ReadDouble(4));
        }, iter: 2000);

    [Fact]
    public void T1_EveryTruncationAndByteIsReadOrRefused()
    {
        var sample = Sample();
        for (var length = 0; length <= sample.Length; length++)
        {
            ReadAll(sample.AsSpan(0, length));
        }

        var copy = sample.ToArray();
        for (var at = 0; at < copy.Length; at++)
        {
            for (var value = 0; value < 256; value++)
            {
                copy[at] = (byte)value;
                ReadAll(copy);
            }

            copy[at] = sample[at];
        }
    }

    [Fact]
    [ProducesError(ErrorCode.FlatBufferInvalid)]
    public void StringsMustBeTerminatedUtf8()
    {
        var builder = new FlatBufferBuilder();
        var text = builder.CreateString("abcd");
        builder.StartTable(1);
        builder.AddOffset(0, text);
        var buffer = builder.Finish(builder.EndTable(), "TEST");
        var at = buffer.AsSpan().IndexOf("abcd"u8);
        buffer[at + 4] = 1;
        Refused(buffer);
        buffer[at + 4] = 0;
        buffer[at] = 0xff;
        Refused(buffer);

        static void Refused(byte[] buffer) => Assert.Equal(ErrorCode.FlatBufferInvalid,
            Assert.Throws<TandemException>(() => FlatTable.Root(buffer, new FlatLimits(buffer.Length)).ReadString(0)).Code);
    }

    [Fact]
    public void TablesThatReferToThemselvesEndAtTheLimit()
    {
        // A table whose field refers to the table itself would need a negative offset; a vector of many references to one table does not.
        var builder = new FlatBufferBuilder();
        builder.StartTable(1);
        builder.AddInt32(0, 1);
        var child = builder.EndTable();
        var many = new int[2_000_000];
        Array.Fill(many, child);
        var vector = builder.CreateOffsetVector(many);
        builder.StartTable(1);
        builder.AddOffset(0, vector);
        var buffer = builder.Finish(builder.EndTable(), "TEST");
        var error = Assert.Throws<TandemException>(() =>
        {
            var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
            var tables = root.ReadVector(0, 4);
            for (var i = 0; i < tables.Count; i++)
            {
                _ = root.TableAt(tables, i).ReadInt32(0);
            }
        });
        Assert.Equal(ErrorCode.FlatBufferInvalid, error.Code);
    }

    [Fact]
    [ProducesError(ErrorCode.ArgumentInvalid)]
    public void TheBuilderRefusesWhatNoReaderReads()
    {
        Assert.Equal(ErrorCode.ArgumentInvalid, Misuse(builder => builder.EndTable()));
        Assert.Equal(ErrorCode.ArgumentInvalid, Misuse(builder => builder.AddInt32(0, 1)));
        Assert.Equal(ErrorCode.ArgumentInvalid, Misuse(builder => builder.Finish(0, "TEST")));
        Assert.Equal(ErrorCode.ArgumentInvalid, Misuse(builder => builder.CreateVector([1, 2, 3], 2)));
        Assert.Equal(ErrorCode.ArgumentInvalid, Misuse(builder => builder.CreateVector([1, 2], 1, 3)));
        Assert.Equal(ErrorCode.ArgumentInvalid, Misuse(builder =>
        {
            builder.StartTable(1);
            builder.StartTable(1);
        }));

        static ErrorCode Misuse(Action<FlatBufferBuilder> use) => Assert.Throws<TandemException>(() => use(new FlatBufferBuilder())).Code;
    }

    private static void ReadAll(ReadOnlySpan<byte> buffer)
    {
        try
        {
            var root = FlatTable.Root(buffer, new FlatLimits(buffer.Length));
            for (var slot = 0; slot < 12; slot++)
            {
                _ = root.ReadByte(slot) + root.ReadInt16(slot);
            }

            _ = root.ReadInt32(2) + root.ReadInt64(3) + root.ReadSingle(4) + root.ReadDouble(5);
            _ = root.ReadString(6);
            _ = root.ReadBytes(7);
            _ = root.ReadInt64s(8);
            var tables = root.ReadVector(9, 4);
            for (var i = 0; i < tables.Count; i++)
            {
                _ = root.TableAt(tables, i).ReadInt32(0);
            }
        }
        catch (TandemException error)
        {
            Assert.Equal(ErrorCode.FlatBufferInvalid, error.Code);
        }
    }
}
