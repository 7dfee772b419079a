using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tandem.Host.Formats;

/// <summary>Names the state of an open file: two equal names mean the same file with the same bytes.</summary>
/// <remarks>
/// Linux only, where the system keeps the time of the last change of any kind, which no program can set. A file that changed in the last seconds has
/// no name: it could change again within one tick of that clock.
/// </remarks>
internal static unsafe partial class FileState
{
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7FF;
    private const int SettleSeconds = 3;

    /// <summary>The name; null where the system does not tell, or the file has only just changed.</summary>
    internal static string? Name(SafeFileHandle file, DateTimeOffset now)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // The kernel's struct statx: the same on every architecture.
        Span<byte> stat = stackalloc byte[256];
        stat.Clear();
        var isOpen = false;
        try
        {
            file.DangerousAddRef(ref isOpen);
            byte empty = 0;
            fixed (byte* buffer = stat)
            {
                if (StatX((int)file.DangerousGetHandle(), &empty, EmptyPath, BasicStats, buffer) != 0)
                {
                    return null;
                }
            }
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException or ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            if (isOpen)
            {
                file.DangerousRelease();
            }
        }

        var (inode, size) = (Read(stat, 32), Read(stat, 40));
        var (changed, changedPart) = (Read(stat, 96), (uint)Read(stat, 104));
        var (written, writtenPart) = (Read(stat, 112), (uint)Read(stat, 120));
        var device = Read(stat, 136);
        return changed > now.ToUnixTimeSeconds() - SettleSeconds ? null
            : $"{device:x}-{inode:x}-{size}-{written}.{writtenPart}-{changed}.{changedPart}";
    }

    private static long Read(ReadOnlySpan<byte> bytes, int offset) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]) : BinaryPrimitives.ReadInt64BigEndian(bytes[offset..]);

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int StatX(int folder, byte* path, int flags, uint mask, byte* buffer);
}
