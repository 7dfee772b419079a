using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Activation memory of one session, shared by its delegates: only one of them runs at a time, and none keeps anything between calls.
/// </summary>
/// <remarks>Grows and never shrinks; a delegate that finds <see cref="Memory"/> moved binds its addresses anew.</remarks>
internal sealed unsafe class Workspace(WorkspaceTable table, long sessionId) : IDisposable
{
    private const int Alignment = 64;
    private byte* _memory;

    ~Workspace() => Free();

    /// <summary>The first byte, aligned to 64; null before the first call.</summary>
    public byte* Memory => _memory;

    public long ByteCount { get; private set; }

    /// <summary>The session whose memory it is.</summary>
    public long SessionId => sessionId;

    /// <summary>Delegates that hold it; the table counts them.</summary>
    public int Holders { get; set; }

    /// <summary>Makes room.</summary>
    /// <param name="byteCount">Bytes that are needed.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutOfMemory"/>.</exception>
    public void Reserve(long byteCount)
    {
        if (byteCount <= ByteCount)
        {
            return;
        }

        // Untouched pages cost nothing, so an allocation over the machine's memory might succeed here and kill the process later.
        if (byteCount > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            throw TooLarge(byteCount, null);
        }

        Free();
        try
        {
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)byteCount, Alignment);
            ByteCount = byteCount;
        }
        catch (OutOfMemoryException exception)
        {
            throw TooLarge(byteCount, exception);
        }
    }

    /// <summary>Gives up a delegate's hold.</summary>
    public void Release() => table.Release(this);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        ByteCount = 0;
    }

    private static TandemException TooLarge(long byteCount, Exception? exception) => new(
        ErrorCode.OutOfMemory, "the activations of a delegate do not fit into memory", new ErrorDetails
        {
            Expected = $"at most {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes} bytes",
            Found = $"{byteCount} bytes",
            NextStep = "run with smaller inputs",
        },
        exception);
}
