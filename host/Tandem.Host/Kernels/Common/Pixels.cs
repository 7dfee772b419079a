using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>Images: tensors [C, H, W] and [N, C, H, W].</summary>
internal static unsafe class Pixels
{
    /// <summary>Walks all pixels of an output.</summary>
    internal static void ForEach<TBody>(TensorView output, ref TBody body)
        where TBody : struct, IPixelBody, allows ref struct
    {
        var batches = output.Rank == 4 ? output.Sizes[0] : 1;
        for (var n = 0; n < batches; n++)
        {
            for (var c = 0; c < output.Sizes[^3]; c++)
            {
                for (var y = 0; y < output.Sizes[^2]; y++)
                {
                    for (var x = 0; x < output.Sizes[^1]; x++)
                    {
                        body.At((n, c), y, x, Offset(output, (n, c), y, x));
                    }
                }
            }
        }
    }

    internal static long Offset(TensorView tensor, (int Batch, int Channel) plane, int y, int x) =>
        (tensor.Rank == 4 ? plane.Batch * tensor.Strides[0] : 0) + (plane.Channel * tensor.Strides[^3]) + (y * tensor.Strides[^2]) + (x * tensor.Strides[^1]);

    internal static double Read(TensorView tensor, (int Batch, int Channel) plane, int y, int x) =>
        Elements.LoadDouble((byte*)tensor.Data + (Offset(tensor, plane, y, x) * tensor.ElementSize), tensor.ScalarType);

    internal static void Write(TensorView tensor, long at, double value) =>
        Elements.Store((byte*)tensor.Data + (at * tensor.ElementSize), tensor.ScalarType, value);
}
