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

    /// <summary>x @ weight^T + bias with weights of signed bytes; the bias is kept in steps of the input's scale times the weights'.</summary>
    public abstract NetValue LinearInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale);

    /// <summary>Convolution of an image with as many zeros on every side; weight [out, in / groups, k, k].</summary>
    public abstract NetValue Conv2d(NetValue x, NetTensor weight, NetTensor bias, int stride, int padding, int groups);

    /// <summary>The same with weights of signed bytes; the bias is kept in steps of the input's scale times the weights'.</summary>
    public abstract NetValue Conv2dInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale, int stride, int padding, int groups);

    /// <summary>x rounded to signed bytes and back.</summary>
    public abstract NetValue Round(NetValue x, Int8Range range);

    /// <summary>max(x, 0).</summary>
    public abstract NetValue Relu(NetValue x);

    /// <summary>min(max(x, 0), 6).</summary>
    public abstract NetValue Relu6(NetValue x);

    /// <summary>The sum of two values of the same sizes.</summary>
    public abstract NetValue Add(NetValue x, NetValue y);

    /// <summary>The mean over an image, [N, C, 1, 1].</summary>
    public abstract NetValue AverageOverImage(NetValue x);

    /// <summary>[N, features].</summary>
    public abstract NetValue Flatten(NetValue x, int features);

    /// <summary>Makes a value the output.</summary>
    public abstract void Output(NetValue x, params int[] sizes);
}
