using static TorchSharp.torch;

namespace Tandem.TorchPeer;

/// <summary>One operator of a net.</summary>
/// <param name="Kind">Its name in the description.</param>
/// <param name="Inputs">Numbers of the values it reads.</param>
/// <param name="Numbers">Stride, padding and groups of a convolution; features of a flattening.</param>
/// <param name="Weight">As the description has it.</param>
/// <param name="Bias">As the description has it.</param>
internal sealed record Step(string Kind, int[] Inputs, long[] Numbers, Tensor? Weight, Tensor? Bias)
{
    /// <summary>Inputs that no later step reads.</summary>
    public int[] Last { get; set; } = [];

    /// <summary>Whether the result may replace the first input: no later step reads it, and it is not the net's own input.</summary>
    public bool IsInPlace { get; set; }

    /// <summary>Computes the result, over the first input where that may be.</summary>
    /// <param name="values">Values of the net so far.</param>
    /// <param name="weight">The weight in the layout of the run.</param>
    public Tensor Run(Tensor?[] values, Tensor? weight)
    {
        var x = values[Inputs[0]]!;
        return Kind switch
        {
            "linear" => nn.functional.linear(x, weight!, Bias),
            "conv2d" => nn.functional.conv2d(x, weight!, Bias, [Numbers[0], Numbers[0]], [Numbers[1], Numbers[1]], [1, 1], Numbers[2]),
            "relu" => IsInPlace ? x.relu_() : x.relu(),
            "relu6" => IsInPlace ? x.clamp_(0, 6) : x.clamp(0, 6),
            "add" => IsInPlace ? x.add_(values[Inputs[1]]!) : x.add(values[Inputs[1]]!),
            "average" => nn.functional.adaptive_avg_pool2d(x, 1),
            "flatten" => x.reshape(1, Numbers[0]),
            _ => throw new ArgumentException($"no operator '{Kind}'"),
        };
    }
}
