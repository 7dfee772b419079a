using Tandem.Host.Export;
using Tandem.Host.Formats;
using Tandem.Host.Import.Archives;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Export;

public sealed class PackageWriterTests
{
    [Fact]
    public void An_archive_of_more_than_four_gigabytes_has_a_directory_that_is_read()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("long.pt2");
        using (var stream = new SparseStream(path))
        {
            var package = new PackageWriter(stream, "long");
            package.Add("a", new ZeroContent((1L << 32) + 5, "zeros"), TestContext.Current.CancellationToken);
            package.Add("b", "text");
            package.Finish();
        }

        var file = new ArchiveFile(DataSource.FromFile(path));
        var archive = new PackageArchive(file, 0, file.Length, path);
        Assert.Equal("text", archive.ReadText("b"));
        Assert.Equal((1L << 32) + 5, archive.Get("a").Length);
        Assert.Equal("pt2", archive.ReadText("archive_format"));
        file.Release();
    }

    // Zeros take no room on the disk.
    private sealed class SparseStream(string path) : FileStream(path, FileMode.CreateNew, FileAccess.Write)
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.Length > 4096 && buffer.IndexOfAnyExcept((byte)0) < 0)
            {
                Seek(buffer.Length, SeekOrigin.Current);
            }
            else
            {
                base.Write(buffer);
            }
        }
    }
}
