using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu;

/// <summary>Functions of the C library that the process has loaded already: a plugin's load context loads no library from elsewhere.</summary>
internal static class SystemLibrary
{
    /// <summary>The address of a function on Linux and Android; 0 if there is none of this name, and on other systems.</summary>
    public static nint Find(string name) =>
        (OperatingSystem.IsLinux() || OperatingSystem.IsAndroid()) && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), name, out var address)
            ? address
            : 0;
}
