namespace Tandem.Benchmarks.Nets;

/// <summary>Takes a net layer by layer, so that one description gives the same net with the same weights to every contender.</summary>
internal abstract class NetWriter
{
    /// <summary>The float input of the net.</summary>
    public abstract NetValue Input(params int[] sizes);

    /// <summary>x @ weight^T + bias.</summary>
    public abstract NetValue Linear(NetValue x, NetTensor weight, NetTensor bias);

    /// <summary>x @ weight^T with 4-bit weights and 8-bit activations that are quantised as they come.</summary>
    public abstract NetValue LinearInt4(NetValue x, Int4Weights weight);

    /// <summary>Convolution of an image with as many zeros on every side; weight [out, in / groups, k, k].</summary>
    public abstract NetValue Conv2d(NetValue x, NetTensor weight, NetTensor bias, int stride, int padding, int groups);

    /// <summary>max(x, 0).</summary>
    public abstract NetValue Relu(NetValue x);

    /// <summary>min(max(x, 0), 6).</summary>
    public abstract NetValue Relu6(NetValue x);

    /// <summary>The sum of two values of the same sizes.</summary>
    public abstract NetValue Add(NetValue x, NetValue y);

    /// <summary>The mean over an image, [N, C].</summary>
    public abstract NetValue AverageOverImage(NetValue x, int channels);

    /// <summary>Makes a value the output.</summary>
    public abstract void Output(NetValue x, params int[] sizes);
}
