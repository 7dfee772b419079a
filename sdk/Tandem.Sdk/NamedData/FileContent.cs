namespace Tandem.Sdk;

/// <summary>Content in a part of a file.</summary>
internal sealed class FileContent : DataContent
{
    private readonly string _path;
    private readonly long _offset;
    private readonly long _fileLength;
    private readonly DateTime _written;

    internal FileContent(string path, long offset, long length)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new TandemException(ErrorCode.SourceUnreadable, "the file does not exist", new ErrorDetails { File = path, NextStep = "check the path" });
        }

        (_path, _offset, _fileLength, _written) = (path, offset, file.Length, file.LastWriteTimeUtc);
        Length = length < 0 ? _fileLength - offset : length;
        if (offset < 0 || Length < 0 || offset > _fileLength - Length)
        {
            throw new TandemException(ErrorCode.SourceTruncated, "the file is shorter than its data", new ErrorDetails
            {
                File = path,
                Expected = $"{Length} bytes at {offset}",
                Found = $"{_fileLength} bytes",
            });
        }

        Origin = $"{path} at byte {offset}";
    }

    public override long Length { get; }

    public override string Origin { get; }

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        try
        {
            using var file = File.OpenHandle(_path);
            if (RandomAccess.GetLength(file) != _fileLength || File.GetLastWriteTimeUtc(file) != _written)
            {
                throw Changed();
            }

            for (var done = 0; done < destination.Length;)
            {
                var read = RandomAccess.Read(file, destination[done..], _offset + offset + done);
                done += read > 0 ? read : throw Changed();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TandemException(ErrorCode.SourceUnreadable, "the file cannot be read", new ErrorDetails { File = _path, Found = error.Message }, error);
        }
    }

    private TandemException Changed() => new(ErrorCode.SourceChanged, "the file changed while it was in use",
        new ErrorDetails { File = _path, NextStep = "lower again, and leave the file alone until it is done" });
}
