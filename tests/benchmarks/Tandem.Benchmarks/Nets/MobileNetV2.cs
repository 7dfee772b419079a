namespace Tandem.Benchmarks.Nets;

/// <summary>The layers of MobileNetV2, width 1, for images of 224 x 224; batch normalisation is folded into the convolutions.</summary>
internal static class MobileNetV2
{
    public const int Size = 224;
    private const int Classes = 1000;

    // Expansion, channels, repeats, first stride.
    private static readonly (int Expansion, int Channels, int Repeats, int Stride)[] Blocks =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    /// <summary>Multiplies and adds of a forward pass.</summary>
    public static double Operations
    {
        get
        {
            double total = 2.0 * 112 * 112 * 32 * 27;
            var (channels, size) = (32, 112);
            foreach (var (expansion, outputs, repeats, firstStride) in Blocks)
            {
                for (var i = 0; i < repeats; i++)
                {
                    var (hidden, next) = (channels * expansion, i == 0 ? size / firstStride : size);
                    total += (expansion > 1 ? 2.0 * size * size * channels * hidden : 0) + (2.0 * next * next * hidden * (9 + outputs));
                    (channels, size) = (outputs, next);
                }
            }

            return total + (2.0 * size * size * channels * 1280) + (2.0 * 1280 * Classes);
        }
    }

    public static void Write(NetWriter net)
    {
        var weights = new RandomWeights(2);
        var x = Convolve(net.Input(1, 3, Size, Size), 3, 32, 3, 2, 1);
        var channels = 32;
        foreach (var (expansion, outputs, repeats, firstStride) in Blocks)
        {
            for (var i = 0; i < repeats; i++)
            {
                var (hidden, stride) = (channels * expansion, i == 0 ? firstStride : 1);
                var y = expansion > 1 ? Convolve(x, channels, hidden, 1, 1, 1) : x;
                y = Convolve(y, hidden, hidden, 3, stride, hidden);
                y = net.Conv2d(y, Weight(hidden, outputs, 1, 1), weights.Next(0.1, outputs), 1, 0, 1);
                x = stride == 1 && channels == outputs ? net.Add(x, y) : y;
                channels = outputs;
            }
        }

        x = net.Flatten(net.AverageOverImage(Convolve(x, channels, 1280, 1, 1, 1)), 1280);
        net.Output(net.Linear(x, weights.Next(1 / Math.Sqrt(1280), Classes, 1280), weights.Next(0.1, Classes)), 1, Classes);

        NetValue Convolve(NetValue value, int inputs, int outputs, int kernel, int stride, int groups) =>
            net.Relu6(net.Conv2d(value, Weight(inputs, outputs, kernel, groups), weights.Next(0.1, outputs), stride, kernel / 2, groups));

        NetTensor Weight(int inputs, int outputs, int kernel, int groups) =>
            weights.Next(Math.Sqrt(2.0 * groups / (inputs * kernel * kernel)), outputs, inputs / groups, kernel, kernel);
    }
}
