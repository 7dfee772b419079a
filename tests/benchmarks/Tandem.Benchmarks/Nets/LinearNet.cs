namespace Tandem.Benchmarks.Nets;

/// <summary>Linear layers one after the other, each with weights of its own.</summary>
internal static class LinearNet
{
    public static void Write(NetWriter net, int rows, int features, int layers)
    {
        var weights = new RandomWeights(1);
        var x = net.Input(rows, features);
        for (var i = 0; i < layers; i++)
        {
            x = net.Linear(x, weights.Next(1 / Math.Sqrt(features), features, features), weights.Next(0.1, features));
        }

        net.Output(x, rows, features);
    }

    /// <summary>The same with 4-bit weights and 8-bit activations.</summary>
    public static void WriteInt4(NetWriter net, int rows, int features, int layers)
    {
        var weights = new RandomWeights(1);
        var x = net.Input(rows, features);
        for (var i = 0; i < layers; i++)
        {
            x = net.LinearInt4(x, weights.NextInt4(1 / Math.Sqrt(features), features, features));
        }

        net.Output(x, rows, features);
    }
}
