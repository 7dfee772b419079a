using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Tandem.Host.Import;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Import;

public sealed class HostileArchiveTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Names => [.. TinyArchive.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void T2_EveryTruncation(string name)
    {
        var file = TinyArchive.Load(name);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.False(Read(file.AsMemory(0, length)), $"{length} bytes of {name} are no archive");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void T2_RandomBytes(string name)
    {
        var file = TinyArchive.Load(name);
        var random = new Random(7);
        for (var round = 0; round < 1500; round++)
        {
            var copy = file.ToArray();
            for (var changes = 1 << random.Next(4); changes > 0; changes--)
            {
                copy[random.Next(copy.Length)] = (byte)random.Next(256);
            }

            Read(copy);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void T2_EveryByteOfTheDirectory(string name)
    {
        var file = TinyArchive.Load(name);
        var start = file.AsSpan().IndexOf("PK\u0001\u0002"u8);
        for (var at = start; at < file.Length; at++)
        {
            foreach (byte value in (ReadOnlySpan<byte>)[0, 0x80, 0xff])
            {
                var old = file[at];
                file[at] = value;
                Read(file);
                file[at] = old;
            }
        }
    }

    // Damage under a right checksum: what an attacker writes.
    [Theory]
    [MemberData(nameof(Names))]
    public void T2_DamagedMembersUnderRightChecksums(string name)
    {
        var members = Members(name);
        var random = new Random(11);
        foreach (var (member, bytes) in members)
        {
            if (member.Contains("sample_inputs", StringComparison.Ordinal) || member.Contains("example_inputs", StringComparison.Ordinal))
            {
                continue;
            }

            for (var round = 0; round < 120; round++)
            {
                Read(Zip(members, member, member.EndsWith(".json", StringComparison.Ordinal) ? DamageText(bytes, random) : Damage(bytes, random)));
            }
        }
    }

    [Fact]
    public void T2_DamagedPicklesUnderRightChecksums()
    {
        var members = Members("tiny_2.8.pt2");
        var random = new Random(13);
        var name = members.Keys.Single(member => member.EndsWith("weights/model.pt", StringComparison.Ordinal));
        var inner = Members(members[name]);
        var pickle = inner.Keys.Single(member => member.EndsWith("data.pkl", StringComparison.Ordinal));
        for (var round = 0; round < 1500; round++)
        {
            Read(Zip(members, name, Zip(inner, pickle, Damage(inner[pickle], random))));
        }
    }

    [Fact]
    [ProducesError(ErrorCode.ProgramLimitExceeded)]
    public void AMemberThatClaimsToInflateWithoutEndIsRefused()
    {
        var archive = Marks().AddDeflated("a/models/model.json", new byte[1000], entry => entry.Length = 1L << 31).ToArray();
        Expect.Error(ErrorCode.ProgramLimitExceeded, () => ExportedProgramReader.FromMemory(archive, "test"));
    }

    [Fact]
    public void ABombOfZerosIsRefusedBeforeItIsInflated()
    {
        var zip = Marks();
        for (var i = 0; i < 20; i++)
        {
            zip.AddDeflated($"a/data/weights/weight_{i}", new byte[16 << 20]);
        }

        var archive = zip.ToArray();
        Expect.Error(ErrorCode.ProgramLimitExceeded, () => ExportedProgramReader.FromMemory(archive, "test"));
        Assert.True(archive.Length < 1 << 20);
    }

    [Fact]
    public void AMemberThatInflatesToAnotherLengthIsRefused()
    {
        var archive = Marks().AddDeflated("a/models/model.json", Encoding.UTF8.GetBytes(ArchiveBuilder.AddOne), entry => entry.Length -= 1).ToArray();
        Expect.Error(ErrorCode.ArchiveInvalid, () => ExportedProgramReader.FromMemory(archive, "test"));
    }

    [Theory]
    [InlineData("a/../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("a\\b")]
    [InlineData("a/./b")]
    [InlineData("a/\u0001")]
    public void NamesThatLeaveTheArchiveAreRefused(string name)
    {
        var archive = Marks().Add(name, "x").ToArray();
        Expect.Error(ErrorCode.ArchiveInvalid, () => ExportedProgramReader.FromMemory(archive, "test"));
    }

    [Fact]
    public void TwoMembersOfOneNameAreRefused() => Refuse(Marks().Add("a/archive_format", "pt2"), "one name");

    [Fact]
    public void MembersThatOverlapAreRefused()
    {
        var inner = new RawZip().Add("a/b", "x").ToArray();
        Refuse(Marks().Add("a/big", inner).Add("a/b", "x", entry => entry.Offset = 30 + 16 + 3 + 30 + 17 + 1 + 30 + 5), "overlap");
    }

    [Fact]
    public void LocalHeadersThatDisagreeAreRefused()
    {
        Refuse(Marks().Add("a/x", "x", entry => entry.LocalName = "a/y"), "another name");
        Refuse(Marks().Add("a/x", "x", entry => entry.LocalCrc = 1), "disagree");
        Refuse(Marks().Add("a/x", "x", entry => entry.LocalMethod = 8), "disagree");
        Refuse(Marks().Add("a/x", "x", entry => entry.Offset = 1), "local header is missing");
        Refuse(Marks().Add("a/x", "x", entry => entry.Length = 2), "two lengths");
    }

    [Fact]
    public void EncryptedMembersAndUnknownCompressionAreNamed()
    {
        Expect.Error(ErrorCode.FormatNotSupported, () => ExportedProgramReader.FromMemory(Marks().Add("a/x", "x", entry => entry.Flags = 1).ToArray(), "test"));
        Expect.Error(ErrorCode.FormatNotSupported, () => ExportedProgramReader.FromMemory(Marks().Add("a/x", "x", entry => entry.Method = 12).ToArray(), "test"));
    }

    [Fact]
    public void SixtyFourBitArchivesAndDeflatedMembersAreRead()
    {
        var model = Encoding.UTF8.GetBytes(ArchiveBuilder.AddOne);
        foreach (var isZip64 in (ReadOnlySpan<bool>)[false, true])
        {
            var stored = Marks(isZip64).Add("a/models/model.json", model).ToArray();
            var deflated = Marks(isZip64).AddDeflated("a/models/model.json", model).ToArray();
            Assert.Equal("forward", ExportedProgramReader.FromMemory(stored, "test").Methods[0].Name);
            Assert.Equal("forward", ExportedProgramReader.FromMemory(deflated, "test").Methods[0].Name);
        }
    }

    [Fact]
    public void ADeflatedArchiveGivesTheProgramOfTheStoredOne()
    {
        var builder = new ArchiveBuilder();
        foreach (var (name, bytes) in Members("tiny.pt2"))
        {
            builder.Add(name, bytes, isDeflated: true);
        }

        var expected = ExportedProgramReader.Read(TinyArchive.Path("tiny.pt2")).GetMethod("peek");
        var actual = ExportedProgramReader.FromMemory(builder.ToArray(root: ""), "test").GetMethod("peek");
        Assert.Equal(expected.Graph.Inputs, actual.Graph.Inputs);
        Assert.Equal(expected.Signature.Inputs.Select(input => input.Tensor?.Storage.ContentHash), actual.Signature.Inputs.Select(input => input.Tensor?.Storage.ContentHash));
    }

    [Fact]
    [ProducesError(ErrorCode.FormatNotRecognised)]
    public void WhatIsNoArchiveIsNamed()
    {
        Expect.Error(ErrorCode.FormatNotRecognised, () => ExportedProgramReader.FromMemory(Encoding.UTF8.GetBytes(new string('x', 100)), "test"));
        Expect.Error(ErrorCode.FormatNotRecognised, () => ExportedProgramReader.FromMemory(new RawZip().Add("a/x", "x").ToArray(), "test"));
        Expect.Error(ErrorCode.FormatNotRecognised, () => ExportedProgramReader.FromMemory(Array.Empty<byte>(), "test"));
    }

    private static void Refuse(RawZip zip, string problem)
    {
        var error = Expect.Error(ErrorCode.ArchiveInvalid, () => ExportedProgramReader.FromMemory(zip.ToArray(), "test"));
        Assert.Contains(problem, error.Message);
    }

    private static RawZip Marks(bool isZip64 = false) =>
        new RawZip { IsZip64 = isZip64 }.Add("a/archive_format", "pt2").Add("a/archive_version", "0");

    /// <summary>Reads an archive and all its contents: whether it is one. Anything but a typed error fails the test.</summary>
    private static bool Read(ReadOnlyMemory<byte> file)
    {
        var clock = Stopwatch.StartNew();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var program = ExportedProgramReader.FromMemory(file, "test");
            var buffer = new byte[256];
            foreach (var input in program.Methods.SelectMany(method => method.Signature.Inputs))
            {
                input.Tensor?.Storage.Read(0, buffer.AsSpan(0, (int)Math.Min(buffer.Length, input.Tensor.Storage.Length)));
            }

            return true;
        }
        catch (TandemException)
        {
            return false;
        }
        finally
        {
            Assert.True(clock.Elapsed < Limit, $"{clock.Elapsed}");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < 64 << 20, "memory is not bounded");
        }
    }

    private static Dictionary<string, byte[]> Members(string name) => Members(TinyArchive.Load(name));

    private static Dictionary<string, byte[]> Members(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        return zip.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            return bytes;
        });
    }

    private static byte[] Zip(Dictionary<string, byte[]> members, string changed, byte[] bytes)
    {
        var zip = new RawZip();
        foreach (var (name, content) in members)
        {
            zip.Add(name, name == changed ? bytes : content);
        }

        return zip.ToArray();
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        var copy = bytes.ToArray();
        for (var changes = 1 << random.Next(3); changes > 0 && copy.Length > 0; changes--)
        {
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        }

        return random.Next(8) == 0 ? copy[..random.Next(copy.Length + 1)] : copy;
    }

    // Numbers at their limits, tags and names in each other's places.
    private static byte[] DamageText(byte[] bytes, Random random)
    {
        string[] values = ["0", "-1", "1", "9223372036854775807", "-9223372036854775808", "4611686018427387904", "1e400", "null", "true", "\"\"", "[]", "{}", "\"x\"", "1.5"];
        var text = Encoding.UTF8.GetString(bytes);
        for (var changes = 1 << random.Next(3); changes > 0; changes--)
        {
            var at = text.IndexOf(": ", random.Next(text.Length), StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            var end = text.AsSpan(at + 2).IndexOfAny(",}]");
            if (end < 0)
            {
                continue;
            }

            var other = text.IndexOf(": ", random.Next(text.Length), StringComparison.Ordinal);
            var otherEnd = other < 0 ? -1 : text.AsSpan(other + 2).IndexOfAny(",}]");
            var value = random.Next(2) == 0 && otherEnd >= 0 ? text.Substring(other + 2, otherEnd) : values[random.Next(values.Length)];
            text = string.Concat(text.AsSpan(0, at + 2), value, text.AsSpan(at + 2 + end));
        }

        return Encoding.UTF8.GetBytes(text);
    }
}
