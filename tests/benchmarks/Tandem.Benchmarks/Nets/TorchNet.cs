using System.Globalization;
using System.Runtime.InteropServices;

namespace Tandem.Benchmarks.Nets;

/// <summary>
/// Writes a float net for Tandem.TorchPeer: a text of one operator a line and, beside it in PATH.weights, the raw floats of its weights and biases in that order.
/// Value 0 is the input, and each operator gives the next value:
/// <code>
/// input
/// linear X OUTxIN
/// conv2d X OUTxINxKxK STRIDE PADDING GROUPS
/// relu X
/// relu6 X
/// add X Y
/// average X
/// flatten X FEATURES
/// output X
/// </code>
/// </summary>
internal sealed class TorchNet : NetWriter, IDisposable
{
    private readonly StreamWriter _text;
    private readonly FileStream _weights;
    private int _values;
    private bool _isFloat = true;

    private TorchNet(string path) => (_text, _weights) = (new StreamWriter(path), File.Create(WeightsOf(path)));

    /// <summary>Where the weights of a description are.</summary>
    public static string WeightsOf(string path) => path + ".weights";

    /// <summary>Writes a net.</summary>
    /// <returns>False if it has quantised layers: those have no form here.</returns>
    public static bool TryWrite(Action<NetWriter> net, string path)
    {
        using var writer = new TorchNet(path);
        net(writer);
        return writer._isFloat;
    }

    public override NetValue Input(params int[] sizes)
    {
        _text.WriteLine("input");
        return new Value(_values++);
    }

    public override NetValue Linear(NetValue x, NetTensor weight, NetTensor bias) => Step($"linear {x} {Parameters(weight, bias)}");

    public override NetValue LinearInt4(NetValue x, Int4Weights weight) => Quantised();

    public override NetValue LinearInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale) => Quantised();

    public override NetValue Conv2d(NetValue x, NetTensor weight, NetTensor bias, int stride, int padding, int groups) =>
        Step($"conv2d {x} {Parameters(weight, bias)} {stride} {padding} {groups}");

    public override NetValue Conv2dInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale, int stride, int padding, int groups) => Quantised();

    public override NetValue Round(NetValue x, Int8Range range) => Quantised();

    public override NetValue Relu(NetValue x) => Step($"relu {x}");

    public override NetValue Relu6(NetValue x) => Step($"relu6 {x}");

    public override NetValue Add(NetValue x, NetValue y) => Step($"add {x} {y}");

    public override NetValue AverageOverImage(NetValue x) => Step($"average {x}");

    public override NetValue Flatten(NetValue x, int features) => Step($"flatten {x} {features}");

    public override void Output(NetValue x, params int[] sizes) => _text.WriteLine($"output {x}");

    public void Dispose()
    {
        _text.Dispose();
        _weights.Dispose();
    }

    private Value Quantised()
    {
        _isFloat = false;
        return new Value(_values++);
    }

    private string Parameters(NetTensor weight, NetTensor bias)
    {
        _weights.Write(MemoryMarshal.AsBytes(weight.Elements.AsSpan()));
        _weights.Write(MemoryMarshal.AsBytes(bias.Elements.AsSpan()));
        return string.Join('x', weight.Sizes);
    }

    private Value Step(FormattableString line)
    {
        _text.WriteLine(line.ToString(CultureInfo.InvariantCulture));
        return new Value(_values++);
    }

    private sealed class Value(int number) : NetValue
    {
        public override string ToString() => number.ToString(CultureInfo.InvariantCulture);
    }
}
