namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Weights in the order in which kernels read them. What describes the form (sizes, strides) comes from the parameters that it was made with, all of
/// which are in its key; the bytes are one block. Immutable once it is filled.
/// </summary>
internal abstract unsafe class PackedForm : IDisposable
{
    private PackedBlock? _block;

    /// <summary>Bytes of the block, known before there is one.</summary>
    public abstract nint ByteCount { get; }

    /// <summary>First byte of the block; null while none is attached.</summary>
    protected byte* Memory { get; private set; }

    /// <summary>Takes a block and owns it from here on; a block that was attached before is disposed.</summary>
    /// <param name="block">At least <see cref="ByteCount"/> bytes, filled or to be filled.</param>
    public void Attach(PackedBlock block)
    {
        _block?.Dispose();
        _block = block;
        Place(block.Memory);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _block?.Dispose();
        Memory = null;
    }

    /// <summary>Lies at an address: in its own block, or in a part of one that another form owns.</summary>
    internal virtual void Place(byte* memory) => Memory = memory;
}
