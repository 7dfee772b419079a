namespace Tandem.Benchmarks.Onnx;

/// <summary>An attribute of a node: a number, or several integers.</summary>
internal readonly struct OnnxAttribute
{
    private const int FloatKind = 1, IntegerKind = 2, IntegersKind = 7;
    private readonly string _name;
    private readonly float? _number;
    private readonly long[] _integers;
    private readonly bool _isList;

    public OnnxAttribute(string name, long value) => (_name, _integers) = (name, [value]);

    public OnnxAttribute(string name, float value) => (_name, _number, _integers) = (name, value, []);

    public OnnxAttribute(string name, long[] values) => (_name, _integers, _isList) = (name, values, true);

    /// <summary>The message.</summary>
    public ProtobufWriter Write()
    {
        var attribute = new ProtobufWriter();
        attribute.Text(1, _name);
        if (_number is { } number)
        {
            attribute.Float(2, number);
        }

        foreach (var integer in _integers)
        {
            attribute.Integer(_isList ? 8 : 3, integer);
        }

        attribute.Integer(20, _number is not null ? FloatKind : _isList ? IntegersKind : IntegerKind);
        return attribute;
    }
}
