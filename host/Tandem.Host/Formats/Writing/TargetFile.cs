using System.Text;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>
/// Files that appear under their names only when all of them are whole: each is written beside its target under a name of its own, flushed to the
/// disk, and renamed. Whatever happens before that leaves the targets as they were.
/// </summary>
internal static class TargetFile
{
    private const int BufferSize = 1 << 16;

    /// <summary>Writes a file of text, as UTF-8.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.TargetUnwritable"/>.</exception>
    internal static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Writes one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.TargetUnwritable"/>, or what the writer throws.</exception>
    internal static void Write(string path, Action<Stream> write) => Write((path, write));

    /// <summary>Writes files.</summary>
    /// <param name="files">Path and writer of each, renamed in this order: what others refer to comes first.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.TargetUnwritable"/>, or what a writer throws.</exception>
    internal static void Write(params ReadOnlySpan<(string Path, Action<Stream> Write)> files)
    {
        var written = new List<(string Temporary, string Path)>();
        var current = "";
        try
        {
            foreach (var (path, write) in files)
            {
                current = path;
                var full = Path.GetFullPath(path);
                var temporary = Path.Combine(Path.GetDirectoryName(full) ?? "", $".{Path.GetFileName(full)}.{Guid.NewGuid():n}.tmp");
                using var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
                written.Add((temporary, full));
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            for (; written.Count > 0; written.RemoveAt(0))
            {
                current = written[0].Path;
                File.Move(written[0].Temporary, current, overwrite: true);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or System.Security.SecurityException)
        {
            throw new TandemException(ErrorCode.TargetUnwritable, "the file cannot be written", new ErrorDetails
            {
                File = current,
                Found = error.Message,
                NextStep = "check that the folder exists, may be written and has room",
            }, error);
        }
        finally
        {
            foreach (var (temporary, _) in written)
            {
                try
                {
                    File.Delete(temporary);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    // The first error says more than this one.
                }
            }
        }
    }
}
