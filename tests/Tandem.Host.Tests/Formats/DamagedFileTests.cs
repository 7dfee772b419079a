using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Formats;

public sealed class DamagedFileTests
{
    public static TheoryData<string> Names => ["cond.pte", "xnnpack.pte", "external.pte", "linear.pte", "tree.pte", "tree.ptd"];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheWholeFileIsRead(string name) => Assert.Null(Check(name, Load(name)));

    [Theory]
    [MemberData(nameof(Names))]
    public void T2_EveryTruncation(string name)
    {
        var file = Load(name);
        for (var length = 0; length < file.Length; length++)
        {
            var code = Check(name, file.AsMemory(0, length));
            Assert.True(code is not null || HasNoHeader(file), $"{length} bytes of {name} are not the program");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void T2_EverySingleBit(string name)
    {
        var file = Load(name);
        var end = HasNoHeader(file) ? file.Length
            : (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(16)) + (name.EndsWith("ptd", StringComparison.Ordinal) ? (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(24)) : 0);
        for (var at = 0; at < end; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                file[at] ^= (byte)(1 << bit);
                Check(name, file);
                file[at] ^= (byte)(1 << bit);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void T2_BoundaryValuesInEveryWord(string name)
    {
        uint[] words = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
        ulong[] longs = [1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, long.MaxValue, 1ul << 63, ulong.MaxValue];
        var file = Load(name);
        var copy = file.ToArray();
        for (var at = 0; at + 8 <= Math.Min(file.Length, 8192); at += 4)
        {
            foreach (var word in words)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(at), word);
                Check(name, copy);
            }

            foreach (var word in longs)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(at), word);
                Check(name, copy);
            }

            file.AsSpan(at, 8).CopyTo(copy.AsSpan(at));
        }
    }

    private static ErrorCode? Check(string name, ReadOnlyMemory<byte> file) =>
        name.EndsWith("ptd", StringComparison.Ordinal) ? ModelCheck.Data(file) : ModelCheck.Program(file);

    private static bool HasNoHeader(byte[] file) => !file.AsSpan(8, 4).SequenceEqual("eh00"u8) && !file.AsSpan(8, 4).SequenceEqual("FH01"u8);

    private static byte[] Load(string name, [CallerFilePath] string here = "") => name switch
    {
        "tree.pte" => Programs.With(),
        "tree.ptd" => Programs.Data([2, 2]).DataFile(Programs.Segments),
        _ => File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "assets", "programs", name)),
    };
}
