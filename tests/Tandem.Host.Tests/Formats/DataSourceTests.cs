using Tandem.Host.Formats;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Formats;

public sealed unsafe class DataSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FileAccessMode.Map)]
    [InlineData(FileAccessMode.Copy)]
    public void AReplacedFileKeepsItsOldBytes(FileAccessMode mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "an open file cannot be replaced on Windows");
        var path = _folder.File("a.pte");
        var bytes = Programs.With();
        File.WriteAllBytes(path, bytes);
        using var source = DataSource.FromFile(path, mode);
        File.WriteAllBytes(_folder.File("b.pte"), [1]);
        File.Move(_folder.File("b.pte"), path, overwrite: true);
        Assert.True(new ReadOnlySpan<byte>(source.Pointer, bytes.Length).SequenceEqual(bytes));
        Assert.Single(ProgramReader.Read(source).Plans);
    }

    [Fact]
    [ProducesError(ErrorCode.SourceChanged)]
    public void T8_AFileThatChangedIsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps writers out");
        var path = _folder.File("a.pte");
        File.WriteAllBytes(path, Programs.With());
        using var source = DataSource.FromFile(path);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        Assert.Equal(ErrorCode.SourceChanged, Assert.Throws<TandemException>(() => ProgramReader.Read(source)).Code);
    }

    [Fact]
    [ProducesError(ErrorCode.SourceUnreadable)]
    public void WhatCannotBeOpenedIsAnError()
    {
        foreach (var path in new[] { _folder.File("absent"), _folder.Path, "", _folder.File("a\0b") })
        {
            Assert.Equal(ErrorCode.SourceUnreadable, Assert.Throws<TandemException>(() => DataSource.FromFile(path)).Code);
        }

        using var stream = new MemoryStream(new byte[101]);
        Assert.Equal(ErrorCode.SourceUnreadable, Assert.Throws<TandemException>(() => DataSource.FromStream("s", stream, 100)).Code);
    }

    [Fact]
    [ProducesError(ErrorCode.ObjectReleased)]
    public void TheLastReferenceFrees()
    {
        var source = DataSource.FromMemory("m", new byte[64]);
        source.AddReference();
        source.Dispose();
        source.Dispose();
        Assert.Equal(0, source.Pointer[63]);
        source.Release();
        Assert.Equal(ErrorCode.ObjectReleased, Assert.Throws<TandemException>(() => source.AddReference()).Code);
    }

    [Fact]
    public void MemoryIsAligned()
    {
        var bytes = Enumerable.Range(0, 200).Select(i => (byte)i).ToArray();
        for (var start = 0; start < 32; start++)
        {
            using var source = DataSource.FromMemory("m", bytes.AsMemory(start));
            Assert.Equal(0u, (nuint)source.Pointer & 15);
            Assert.Equal(start, source.Pointer[0]);
        }
    }
}
