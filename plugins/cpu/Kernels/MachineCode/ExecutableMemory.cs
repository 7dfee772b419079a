using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Pages with machine code of this plugin's own: written first, then made executable and read-only, never both at once. What they hold depends on
/// nothing that a file or a caller says. Freed on disposal, or with the plugin's load context.
/// </summary>
internal sealed unsafe class ExecutableMemory : SafeHandle
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
            return OperatingSystem.IsWindows() ? Windows.TryCreate(code, length) : Linux.TryCreate(code, length);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => OperatingSystem.IsWindows() ? Windows.Free(handle) : Linux.Unmap(handle, _length) == 0;

    private static class Linux
    {
        private const int Read = 1;
        private const int Write = 2;
        private const int Execute = 4;
        private const int Private = 2;
        private const int Anonymous = 0x20;

        public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code, nuint length)
        {
            var map = (delegate* unmanaged<nint, nuint, int, int, int, nint, nint>)SystemLibrary.Find("mmap");
            var protect = (delegate* unmanaged<nint, nuint, int, int>)SystemLibrary.Find("mprotect");
            if (map == null || protect == null)
            {
                return null;
            }

            var address = map(0, length, Read | Write, Private | Anonymous, -1, 0);
            if (address == -1)
            {
                return null;
            }

            var memory = new ExecutableMemory(address, length);
            code.CopyTo(new Span<byte>((void*)address, code.Length));
            if (protect(address, length, Read | Execute) == 0)
            {
                return memory;
            }

            memory.Dispose();
            return null;
        }

        public static int Unmap(nint address, nuint length) =>
            ((delegate* unmanaged<nint, nuint, int>)SystemLibrary.Find("munmap"))(address, length);
    }

    private static class Windows
    {
        private const uint Release = 0x8000;
        private const uint CommitAndReserve = 0x3000;
        private const uint ReadWrite = 0x04;
        private const uint ExecuteRead = 0x20;

        public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code, nuint length)
        {
            var allocate = (delegate* unmanaged<nint, nuint, uint, uint, nint>)Export("VirtualAlloc");
            var protect = (delegate* unmanaged<nint, nuint, uint, uint*, int>)Export("VirtualProtect");
            var address = allocate(0, length, CommitAndReserve, ReadWrite);
            if (address == 0)
            {
                return null;
            }

            var memory = new ExecutableMemory(address, length);
            code.CopyTo(new Span<byte>((void*)address, code.Length));
            uint old;
            if (protect(address, length, ExecuteRead, &old) != 0)
            {
                return memory;
            }

            memory.Dispose();
            return null;
        }

        public static bool Free(nint address) => ((delegate* unmanaged<nint, nuint, uint, int>)Export("VirtualFree"))(address, 0, Release) != 0;

        private static nint Export(string name) =>
            NativeLibrary.GetExport(NativeLibrary.Load("kernel32.dll", typeof(object).Assembly, DllImportSearchPath.System32), name);
    }
}
