using static TorchSharp.torch;

namespace Tandem.TorchPeer;

/// <summary>How images and filters lie in memory.</summary>
internal enum Layout
{
    /// <summary>Row-major [N, C, H, W].</summary>
    Contiguous,

    /// <summary>The same sizes with channels innermost, PyTorch's channels_last.</summary>
    ChannelsLast,
}

/// <summary>Brings tensors into a layout.</summary>
internal static class LayoutExtensions
{
    /// <summary>A tensor of four dimensions as a new one in a layout; others as they are.</summary>
    public static Tensor In(this Tensor tensor, Layout layout)
    {
        if (layout == Layout.Contiguous || tensor.dim() != 4)
        {
            return tensor.alias();
        }

        using var innermost = tensor.permute(0, 2, 3, 1);
        using var moved = innermost.contiguous();
        return moved.permute(0, 3, 1, 2);
    }
}
