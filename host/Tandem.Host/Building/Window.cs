namespace Tandem.Host.Building;

/// <summary>Height and width of a window, stride, padding or dilation of an image; one number stands for both.</summary>
/// <param name="Height">Along the height.</param>
/// <param name="Width">Along the width.</param>
public readonly record struct Window(int Height, int Width)
{
    /// <summary>The same along both.</summary>
    /// <param name="both">The number.</param>
    public static implicit operator Window(int both) => new(both, both);

    /// <summary>Height and width.</summary>
    /// <param name="pair">The pair.</param>
    public static implicit operator Window((int Height, int Width) pair) => new(pair.Height, pair.Width);
}
