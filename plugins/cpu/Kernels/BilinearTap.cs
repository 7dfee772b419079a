namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The two input pixels between which an output pixel lies in one dimension.</summary>
/// <param name="First">The nearer to the start.</param>
/// <param name="Second">The next, or the same at the edge.</param>
/// <param name="Weight">Weight of the second.</param>
internal readonly record struct BilinearTap(int First, int Second, float Weight)
{
    public static BilinearTap At(int position, int inputSize, int outputSize, ResizeMode mode)
    {
        var source = mode switch
        {
            ResizeMode.AlignCorners => outputSize > 1 ? position * ((float)(inputSize - 1) / (outputSize - 1)) : 0f,
            ResizeMode.Legacy => position * ((float)inputSize / outputSize),
            _ => Math.Max(((position + 0.5f) * ((float)inputSize / outputSize)) - 0.5f, 0f),
        };
        var first = Math.Min((int)source, inputSize - 1);
        return new BilinearTap(first, Math.Min(first + 1, inputSize - 1), Math.Clamp(source - first, 0f, 1f));
    }
}
