namespace Tandem.Benchmarks.Nets;

/// <summary>Residual blocks of two 3x3 convolutions, as in the body of ResNet-18.</summary>
internal static class ResidualNet
{
    /// <summary>Blocks of one width: multiplies and adds.</summary>
    public static double Operations(int channels, int size, int blocks) => 2.0 * 2 * blocks * size * size * 9 * channels * channels;

    /// <summary>Multiplies and adds of the four stages.</summary>
    public static double BodyOperations
    {
        get
        {
            double total = 0;
            for (var (channels, size) = (64, 56); channels <= 512; (channels, size) = (channels * 2, size / 2))
            {
                total += Operations(channels, size, 2);
                // The first convolution of a stage has half the input channels; the way around it is a 1x1 convolution.
                total -= channels == 64 ? 0 : (2.0 * size * size * channels * (channels / 2) * 9) - (2.0 * size * size * channels * (channels / 2));
            }

            return total;
        }
    }

    /// <summary>Blocks of one width.</summary>
    public static void Write(NetWriter net, int channels, int size, int blocks)
    {
        var weights = new RandomWeights(3);
        var x = net.Input(1, channels, size, size);
        for (var i = 0; i < blocks; i++)
        {
            x = Block(net, weights, x, channels, channels, 1);
        }

        net.Output(x, 1, channels, size, size);
    }

    /// <summary>The four stages of ResNet-18 after its stem, without the classifier.</summary>
    public static void WriteBody(NetWriter net)
    {
        var weights = new RandomWeights(4);
        var x = net.Input(1, 64, 56, 56);
        for (var channels = 64; channels <= 512; channels *= 2)
        {
            x = Block(net, weights, x, channels == 64 ? 64 : channels / 2, channels, channels == 64 ? 1 : 2);
            x = Block(net, weights, x, channels, channels, 1);
        }

        net.Output(x, 1, 512, 7, 7);
    }

    private static NetValue Block(NetWriter net, RandomWeights weights, NetValue x, int inputs, int outputs, int stride)
    {
        var y = net.Relu(Convolve(x, inputs, 3, stride));
        y = Convolve(y, outputs, 3, 1);
        return net.Relu(net.Add(y, inputs == outputs ? x : Convolve(x, inputs, 1, stride)));

        NetValue Convolve(NetValue value, int channels, int kernel, int step) => net.Conv2d(
            value, weights.Next(Math.Sqrt(1.0 / (channels * kernel * kernel)), outputs, channels, kernel, kernel), weights.Next(0.1, outputs), step, kernel / 2, 1);
    }
}
