using System.Security.Cryptography;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.NamedData;

public sealed class DataContentTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData((1 << 20) + 7)]
    public void The_hash_is_sha256_of_the_bytes_wherever_they_lie(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(_path, [1, 2, 3, .. bytes, 4]);
        var memory = DataContent.FromMemory(bytes, "memory");
        var file = DataContent.FromFile(_path, 3, length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), memory.ContentHash);
        Assert.Equal(memory.ContentHash, file.ContentHash);
        Assert.True(file.ContentEquals(memory) && memory.ContentEquals(file));

        using var copy = new MemoryStream();
        file.CopyTo(copy);
        Assert.Equal(bytes, copy.ToArray());
    }

    [Fact]
    public void D21_a_file_is_hashed_and_copied_without_holding_it_in_memory()
    {
        using (var file = File.OpenWrite(_path))
        {
            file.SetLength(64 << 20);
        }

        var content = DataContent.FromFile(_path);
        _ = content.ContentHash.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        content.CopyTo(Stream.Null);
        _ = DataContent.FromFile(_path).ContentHash;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(long.MaxValue, 1)]
    public void A_read_outside_is_refused(long offset, int length) =>
        Expect.Error(ErrorCode.ArgumentInvalid, () => DataContent.FromMemory(new byte[10], "memory").Read(offset, new byte[length]));

    [Fact]
    public void A_missing_short_or_changed_file_is_refused_by_name()
    {
        Expect.Error(ErrorCode.SourceUnreadable, () => DataContent.FromFile(_path + ".absent"));
        File.WriteAllBytes(_path, new byte[10]);
        Expect.Error(ErrorCode.SourceTruncated, () => DataContent.FromFile(_path, 5, 6));
        Expect.Error(ErrorCode.SourceTruncated, () => DataContent.FromFile(_path, 11));
        Expect.Error(ErrorCode.SourceTruncated, () => DataContent.FromFile(_path, -1, 2));
        var content = DataContent.FromFile(_path);
        File.WriteAllBytes(_path, new byte[9]);
        Assert.Equal(_path, Expect.Error(ErrorCode.SourceChanged, () => content.Read(0, new byte[4])).Details.File);
    }
}
