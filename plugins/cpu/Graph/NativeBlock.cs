using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Native memory aligned to 64 bytes.</summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    private byte* _memory;

    public NativeBlock(long byteCount) => _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(byteCount, 1), 64);

    ~NativeBlock() => Free();

    public byte* Memory => _memory;

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
