using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>A folder of packed weights that processes share: one file for each packed form, mapped read-only and checked before its first use.</summary>
/// <remarks>
/// <para>A file is written under another name and renamed when it is whole. No file that has its name is ever written again: a file is replaced by
/// renaming over it, or removed, and both leave those who map it their pages. What is damaged is removed and packed anew.</para>
/// <para>Nothing here fails a load: a folder that cannot be written, a full disk or a damaged file means that weights are packed as without a cache,
/// and is logged.</para>
/// <para>Threading: all members may be called from any thread, and from several processes.</para>
/// </remarks>
internal sealed unsafe class PackedCacheFolder
{
    internal const string PackedExtension = ".packed";
    internal const string NotesExtension = ".notes";
    internal const string TemporaryExtension = ".tmp";
    internal const string LockName = "lock";

    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UseGranularity = TimeSpan.FromMinutes(1);

    private readonly IPluginLog _log;
    private readonly ComputePool? _pool;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _mapped = new(StringComparer.Ordinal);

    /// <summary>Opens a folder, and makes it if it is not there: readable and writable by its owner only.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: there is no such folder, and it cannot be made.</exception>
    public PackedCacheFolder(string path, IPluginLog log, ComputePool? pool)
    {
        Digests = new DigestNotes(this);
        Path = path;
        _log = log;
        _pool = pool;
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "the folder of the packed cache cannot be made", new ErrorDetails
            {
                Location = CpuOptions.PackedCacheName,
                Found = $"'{path}': {error.Message}",
                NextStep = "name a folder that the application may write to",
            }, error);
        }
    }

    public string Path { get; }

    /// <summary>Digests of weights that are noted in the folder.</summary>
    internal DigestNotes Digests { get; }

    /// <summary>Forms that were found and used.</summary>
    public int Found { get; private set; }

    /// <summary>Forms that were written.</summary>
    public int Stored { get; private set; }

    /// <summary>Files that were there and damaged.</summary>
    public int Rejected { get; private set; }

    /// <summary>Files that made room for others.</summary>
    public int Removed { get; private set; }

    /// <summary>Files that this process maps now.</summary>
    public int MappedCount
    {
        get
        {
            lock (_gate)
            {
                return _mapped.Count;
            }
        }
    }

    /// <summary>Maps a packed form.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="byteCount">Bytes that it must have.</param>
    /// <returns>The bytes, checked; null if they are not there, or damaged.</returns>
    public PackedBlock? TryOpen(PackedKey key, long byteCount)
    {
        var path = FilePath(key);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var block = Map(file, key, byteCount);
            if (block is null)
            {
                _log.Write(LogLevel.Warning, $"a file of the packed cache is damaged and is made again: '{path}'");
                lock (_gate)
                {
                    Rejected++;
                }

                File.Delete(path);
                return null;
            }

            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > UseGranularity)
            {
                Touch(path);
            }

            lock (_gate)
            {
                Found++;
            }

            return block;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Warn("read", error);
            return null;
        }
    }

    /// <summary>Writes a packed form, so that the next process finds it.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="block">Its bytes.</param>
    /// <param name="maxBytes">Most bytes of all files in the folder: those used longest ago are removed first, but none that this process maps.</param>
    /// <returns>The same bytes as a mapping of the file; null if they were not written.</returns>
    public PackedBlock? TryStore(PackedKey key, PackedBlock block, long maxBytes)
    {
        try
        {
            using var only = Enter();
            if (only is null)
            {
                return null;
            }

            // Another process may have been quicker.
            if (TryOpen(key, block.ByteCount) is { } there)
            {
                return there;
            }

            if (!MakeRoom(PackedFile.FileBytes(block.ByteCount), maxBytes))
            {
                return null;
            }

            var path = FilePath(key);
            PackedBlock? mapped = null;
            try
            {
                Publish(path, file =>
                {
                    Span<byte> header = stackalloc byte[PackedFile.HeaderBytes];
                    PackedFile.WriteHeader(header, key.Bytes, block.ByteCount, ContentChecksum.Compute(block.Memory, block.ByteCount, _pool));
                    RandomAccess.Write(file, header, 0);
                    Write(file, block.Memory, block.ByteCount, PackedFile.HeaderBytes);
                    RandomAccess.Write(file, stackalloc byte[PackedFile.TailBytes], PackedFile.HeaderBytes + block.ByteCount);
                    mapped = Map(file, key, block.ByteCount);
                });
            }
            catch
            {
                mapped?.Dispose();
                throw;
            }

            lock (_gate)
            {
                Stored += mapped is null ? 0 : 1;
            }

            return mapped;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Warn("write", error);
            return null;
        }
    }

    /// <summary>The bytes of a small file; null if it is not there, or longer than allowed.</summary>
    internal byte[]? TryRead(string name, int maxBytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            if (length > maxBytes)
            {
                return null;
            }

            var bytes = new byte[length];
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > UseGranularity)
            {
                Touch(path);
            }

            return RandomAccess.Read(file, bytes, 0) == length ? bytes : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Warn("read", error);
            return null;
        }
    }

    /// <summary>Writes a small file in place of the one of its name.</summary>
    internal void TryWrite(string name, byte[] bytes, long maxBytes)
    {
        try
        {
            using var only = Enter();
            if (only is not null && MakeRoom(bytes.Length, maxBytes))
            {
                Publish(System.IO.Path.Combine(Path, name), file => RandomAccess.Write(file, bytes, 0));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Warn("write", error);
        }
    }

    private string FilePath(PackedKey key) => System.IO.Path.Combine(Path, key.Name + PackedExtension);

    // One writer at a time, over all processes; a process that dies leaves nothing locked.
    private SafeFileHandle? Enter()
    {
        var path = System.IO.Path.Combine(Path, LockName);
        var start = DateTime.UtcNow;
        while (true)
        {
            try
            {
                return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (error is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                if (DateTime.UtcNow - start > LockLimit)
                {
                    Warn("lock", error);
                    return null;
                }

                Thread.Sleep(2);
            }
        }
    }

    // Flushing to the disk is not needed: what a loss of power leaves behind does not have its checksum.
    private void Publish(string path, Action<SafeFileHandle> write)
    {
        var temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():n}{TemporaryExtension}";
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
            {
                write(file);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void Write(SafeFileHandle file, byte* memory, long length, long offset)
    {
        for (long done = 0; done < length;)
        {
            var step = (int)Math.Min(length - done, 1 << 24);
            RandomAccess.Write(file, new ReadOnlySpan<byte>(memory + done, step), offset + done);
            done += step;
        }
    }

    // The length is checked on the open file, and nobody cuts a file short that has its name: no page of the mapping is missing later.
    private PackedBlock? Map(SafeFileHandle file, PackedKey key, long byteCount)
    {
        if (RandomAccess.GetLength(file) != PackedFile.FileBytes(byteCount))
        {
            return null;
        }

        Span<byte> header = stackalloc byte[PackedFile.HeaderBytes];
        if (RandomAccess.Read(file, header, 0) != header.Length || !PackedFile.TryReadHeader(header, key.Bytes, byteCount, out var checksum))
        {
            return null;
        }

        var mapping = new Mapping(this, key.Name, file, PackedFile.FileBytes(byteCount));
        var memory = mapping.Pointer + PackedFile.HeaderBytes;
        if (ContentChecksum.Compute(memory, byteCount, _pool) == checksum)
        {
            return PackedBlock.FromMapping(memory, byteCount, mapping);
        }

        mapping.Dispose();
        return null;
    }

    private bool MakeRoom(long byteCount, long maxBytes)
    {
        var files = new List<FileInfo>();
        long total = 0;
        foreach (var file in new DirectoryInfo(Path).EnumerateFiles())
        {
            if (file.Extension == TemporaryExtension)
            {
                // Left by a process that died while it wrote. One that still writes holds the lock, and so does this one.
                if (DateTime.UtcNow - file.LastWriteTimeUtc > AbandonedAfter)
                {
                    file.Delete();
                }
            }
            else if (file.Extension is PackedExtension or NotesExtension)
            {
                files.Add(file);
                total += file.Length;
            }
        }

        if (total + byteCount <= maxBytes)
        {
            return true;
        }

        files.Sort(static (left, right) => left.LastWriteTimeUtc.CompareTo(right.LastWriteTimeUtc));
        foreach (var file in files)
        {
            lock (_gate)
            {
                if (_mapped.ContainsKey(System.IO.Path.GetFileNameWithoutExtension(file.Name)))
                {
                    continue;
                }

                Removed++;
            }

            total -= file.Length;
            file.Delete();
            if (total + byteCount <= maxBytes)
            {
                return true;
            }
        }

        return false;
    }

    private static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It was removed meanwhile, or belongs to another user: its order among the others is all that is lost.
        }
    }

    private void Warn(string what, Exception error) => _log.Write(LogLevel.Warning, $"the packed cache '{Path}' cannot be used to {what}: {error.Message}");

    private sealed class Mapping : IDisposable
    {
        private readonly PackedCacheFolder _folder;
        private readonly string _name;
        private readonly MemoryMappedViewAccessor _view;
        private int _isDisposed;

        public Mapping(PackedCacheFolder folder, string name, SafeFileHandle file, long length)
        {
            _folder = folder;
            _name = name;
            using var map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            Pointer = pointer + _view.PointerOffset;
            lock (folder._gate)
            {
                folder._mapped[name] = folder._mapped.GetValueOrDefault(name) + 1;
            }
        }

        public byte* Pointer { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            {
                return;
            }

            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            lock (_folder._gate)
            {
                if (--_folder._mapped[_name] == 0)
                {
                    _folder._mapped.Remove(_name);
                }
            }
        }
    }
}
