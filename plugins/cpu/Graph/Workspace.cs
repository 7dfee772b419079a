using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Activation memory of one session, shared by its delegates: only one of them runs at a time, and none keeps anything between calls.
/// </summary>
/// <remarks>Grows and never shrinks; a delegate that finds <see cref="Memory"/> moved binds its addresses anew.</remarks>
internal sealed unsafe class Workspace : IDisposable
{
    private const int Alignment = 64;
    private byte* _memory;

    ~Workspace() => Free();

    /// <summary>The first byte, aligned to 64; null before the first call.</summary>
    public byte* Memory => _memory;

    public long ByteCount { get; private set; }

    /// <summary>What the session's delegates plan with.</summary>
    public PlanScratch PlanScratch { get; } = new();

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
