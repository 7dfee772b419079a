using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Pages with machine code of this plugin's own: written first, then made executable and read-only, never both at once. What they hold depends on
/// nothing that a file or a caller says. Freed on disposal, or with the plugin's load context.
/// </summary>
internal sealed unsafe partial class ExecutableMemory : SafeHandle
{
    private readonly nuint _length;

    private ExecutableMemory(nint address, nuint length)
        : base(0, ownsHandle: true)
    {
        _length = length;
        SetHandle(address);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>First byte of the code.</summary>
    public byte* Address => (byte*)handle;

    /// <summary>Copies code to pages that can be run.</summary>
    /// <returns>Null where the system does not let a program make code: the caller has slower kernels.</returns>
    public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code)
    {
        var length = (nuint)((code.Length + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize);
        try
        {
            return OperatingSystem.IsWindows() ? Windows.TryCreate(code, length)
                : OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? Linux.TryCreate(code, length) : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() =>
        OperatingSystem.IsWindows() ? Windows.VirtualFree(handle, 0, Windows.Release) : Linux.Unmap(handle, _length) == 0;

    private static partial class Linux
    {
        private const int Read = 1;
        private const int Write = 2;
        private const int Execute = 4;
        private const int Private = 2;
        private const int Anonymous = 0x20;

        public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code, nuint length)
        {
            var address = Map(0, length, Read | Write, Private | Anonymous, -1, 0);
            if (address == -1)
            {
                return null;
            }

            var memory = new ExecutableMemory(address, length);
            code.CopyTo(new Span<byte>((void*)address, code.Length));
            if (Protect(address, length, Read | Execute) == 0)
            {
                return memory;
            }

            memory.Dispose();
            return null;
        }

        [LibraryImport("libc", EntryPoint = "munmap")]
        public static partial int Unmap(nint address, nuint length);

        [LibraryImport("libc", EntryPoint = "mmap")]
        private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

        [LibraryImport("libc", EntryPoint = "mprotect")]
        private static partial int Protect(nint address, nuint length, int protection);
    }

    private static partial class Windows
    {
        public const uint Release = 0x8000;
        private const uint CommitAndReserve = 0x3000;
        private const uint ReadWrite = 0x04;
        private const uint ExecuteRead = 0x20;

        public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code, nuint length)
        {
            var address = VirtualAlloc(0, length, CommitAndReserve, ReadWrite);
            if (address == 0)
            {
                return null;
            }

            var memory = new ExecutableMemory(address, length);
            code.CopyTo(new Span<byte>((void*)address, code.Length));
            if (VirtualProtect(address, length, ExecuteRead, out _))
            {
                return memory;
            }

            memory.Dispose();
            return null;
        }

        [LibraryImport("kernel32")]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static partial bool VirtualFree(nint address, nuint length, uint type);

        [LibraryImport("kernel32")]
        private static partial nint VirtualAlloc(nint address, nuint length, uint type, uint protection);

        [LibraryImport("kernel32")]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static partial bool VirtualProtect(nint address, nuint length, uint protection, out uint old);
    }
}
