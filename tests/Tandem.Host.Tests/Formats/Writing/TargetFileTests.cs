using Tandem.Host.Formats;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Formats.Writing;

public sealed class TargetFileTests
{
    [Fact]
    public void A_failing_writer_leaves_every_target_as_it_was()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a"), "old");
        Assert.Throws<InvalidOperationException>(() => TargetFile.Write(
            (folder.File("a"), stream => stream.WriteByte(1)),
            (folder.File("b"), stream =>
            {
                stream.WriteByte(1);
                throw new InvalidOperationException();
            }
        )));
        Assert.Equal("old", File.ReadAllText(folder.File("a")));
        Assert.Equal([folder.File("a")], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    [ProducesError(ErrorCode.TargetUnwritable)]
    public void A_folder_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "absent", "model.pte");
        var error = Assert.Throws<TandemException>(() => TargetFile.Write((path, _ => { })));
        Assert.Equal(ErrorCode.TargetUnwritable, error.Code);
        Assert.Equal(path, error.Details.File);
    }

    [Fact]
    [ProducesError(ErrorCode.TargetUnwritable)]
    public void A_stream_that_fails_in_the_middle_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<TandemException>(() => TargetFile.Write((folder.File("model.pte"), stream =>
        {
            stream.Write(new byte[100_000]);
            throw new IOException("no space left on device");
        }
        )));
        Assert.Equal(ErrorCode.TargetUnwritable, error.Code);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
