namespace Tandem.Benchmarks.Nets;

/// <summary>
/// Writes a float net in static int8: activations are rounded to bytes of a range that is known before, weights to bytes with a scale for each output
/// channel. Without ranges it writes the float net, with every activation that wants a range as an output.
/// </summary>
/// <param name="writer">Receives the net.</param>
/// <param name="ranges">A range for each activation in the order in which they are rounded; null to find them out.</param>
internal sealed class StaticInt8Net(NetWriter writer, IReadOnlyList<Int8Range>? ranges = null) : NetWriter
{
    private int _rounded;

    public override NetValue Input(params int[] sizes) => new Value(writer.Input(sizes));

    public override NetValue Linear(NetValue x, NetTensor weight, NetTensor bias)
    {
        var (input, range) = Rounded(x);
        return new Value(range is null ? writer.Linear(input, weight, bias) : writer.LinearInt8(input, Int8Weights.Of(weight), bias, range.Value.Scale));
    }

    public override NetValue Conv2d(NetValue x, NetTensor weight, NetTensor bias, int stride, int padding, int groups)
    {
        var (input, range) = Rounded(x);
        return new Value(range is null ? writer.Conv2d(input, weight, bias, stride, padding, groups)
            : writer.Conv2dInt8(input, Int8Weights.Of(weight), bias, range.Value.Scale, stride, padding, groups));
    }

    // An activation function comes before the rounding: its bounds are part of the layer that it follows.
    public override NetValue Relu(NetValue x) => new Value(writer.Relu(((Value)x).Written));

    public override NetValue Relu6(NetValue x) => new Value(writer.Relu6(((Value)x).Written));

    public override NetValue Add(NetValue x, NetValue y) => new Value(writer.Add(Rounded(x).Value, Rounded(y).Value));

    // A mean and a change of sizes keep the range of what they read.
    public override NetValue AverageOverImage(NetValue x) => Keep(x, writer.AverageOverImage);

    public override NetValue Flatten(NetValue x, int features) => Keep(x, value => writer.Flatten(value, features));

    public override NetValue Round(NetValue x, Int8Range range) => new Value(writer.Round(((Value)x).Written, range));

    public override NetValue LinearInt4(NetValue x, Int4Weights weight) => new Value(writer.LinearInt4(((Value)x).Written, weight));

    public override NetValue LinearInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale) =>
        new Value(writer.LinearInt8(((Value)x).Written, weight, bias, inputScale));

    public override NetValue Conv2dInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale, int stride, int padding, int groups) =>
        new Value(writer.Conv2dInt8(((Value)x).Written, weight, bias, inputScale, stride, padding, groups));

    public override void Output(NetValue x, params int[] sizes) => writer.Output(Rounded(x).Value, sizes);

    private Value Keep(NetValue x, Func<NetValue, NetValue> write)
    {
        var (input, range) = Rounded(x);
        var result = write(input);
        return range is null ? new Value(result) { IsRounded = true } : new Value(writer.Round(result, range.Value)) { IsRounded = true, Range = range };
    }

    private (NetValue Value, Int8Range? Range) Rounded(NetValue x)
    {
        var value = (Value)x;
        if (!value.IsRounded)
        {
            value.IsRounded = true;
            if (ranges is null)
            {
                writer.Output(value.Written);
            }
            else
            {
                value.Range = ranges[_rounded++];
                value.Written = writer.Round(value.Written, value.Range.Value);
            }
        }

        return (value.Written, value.Range);
    }

    private sealed class Value(NetValue written) : NetValue
    {
        public NetValue Written { get; set; } = written;

        public bool IsRounded { get; set; }

        public Int8Range? Range { get; set; }
    }
}
