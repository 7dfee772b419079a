namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Weights in the order in which kernels read them. What describes the form (sizes, strides) comes from the parameters that it was made with, all of
/// which are in its key; the bytes are one block.
/// </summary>
internal interface IPackedForm : IDisposable
{
    /// <summary>Bytes of the block, known before there is one.</summary>
    nint ByteCount { get; }

    /// <summary>Takes a block and owns it from here on; a block that was attached before is disposed.</summary>
    /// <param name="block">At least <see cref="ByteCount"/> bytes, filled or to be filled.</param>
    void Attach(PackedBlock block);
}
