namespace Tandem.Host.Kernels.Common;

/// <summary>What happens at one pixel of one plane of an output.</summary>
internal interface IPixelBody
{
    /// <summary>Computes one pixel.</summary>
    /// <param name="plane">Batch and channel.</param>
    /// <param name="y">Row.</param>
    /// <param name="x">Column.</param>
    /// <param name="target">The pixel's offset in the output, in elements.</param>
    void At((int Batch, int Channel) plane, int y, int x, long target);
}
