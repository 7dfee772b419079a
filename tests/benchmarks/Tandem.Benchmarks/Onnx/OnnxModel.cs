using System.Runtime.InteropServices;

namespace Tandem.Benchmarks.Onnx;

/// <summary>An ONNX model of one graph, built node by node. The numbers are the field numbers of ONNX's messages.</summary>
internal sealed class OnnxModel
{
    private const int IrVersion = 10, OperatorSet = 21;
    private readonly ProtobufWriter _graph = new();
    private int _names;

    /// <summary>Adds an input of the graph.</summary>
    public string Input(string name, OnnxType type, params ReadOnlySpan<int> sizes)
    {
        _graph.Message(11, Value(name, type, sizes));
        return name;
    }

    /// <summary>Makes a value an output of the graph.</summary>
    public void Output(string name, OnnxType type, params ReadOnlySpan<int> sizes) => _graph.Message(12, Value(name, type, sizes));

    /// <summary>Adds a constant.</summary>
    public string Constant<T>(OnnxType type, ReadOnlySpan<T> elements, params ReadOnlySpan<int> sizes)
        where T : unmanaged
    {
        var (tensor, name) = (new ProtobufWriter(), NewName());
        foreach (var size in sizes)
        {
            tensor.Integer(1, size);
        }

        tensor.Integer(2, (int)type);
        tensor.Text(8, name);
        tensor.Data(9, MemoryMarshal.AsBytes(elements));
        _graph.Message(5, tensor);
        return name;
    }

    /// <summary>Adds a node of one output.</summary>
    public string Node(string kind, ReadOnlySpan<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes) => Node(kind, "", 1, inputs, attributes)[0];

    /// <summary>Adds a node of any domain and number of outputs; an empty name is an input that is left out.</summary>
    public string[] Node(string kind, string domain, int outputs, ReadOnlySpan<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        var node = new ProtobufWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        var names = new string[outputs];
        foreach (ref var name in names.AsSpan())
        {
            name = NewName();
            node.Text(2, name);
        }

        node.Text(4, kind);
        foreach (var attribute in attributes)
        {
            node.Message(5, attribute.Write());
        }

        node.Text(7, domain);
        _graph.Message(1, node);
        return names;
    }

    /// <summary>The bytes of the model's file.</summary>
    public byte[] Write()
    {
        var model = new ProtobufWriter();
        model.Integer(1, IrVersion);
        _graph.Text(2, "net");
        model.Message(7, _graph);
        foreach (var (domain, version) in new[] { ("", OperatorSet), ("com.microsoft", 1) })
        {
            var set = new ProtobufWriter();
            set.Text(1, domain);
            set.Integer(2, version);
            model.Message(8, set);
        }

        return model.Bytes.ToArray();
    }

    private static ProtobufWriter Value(string name, OnnxType type, ReadOnlySpan<int> sizes)
    {
        var shape = new ProtobufWriter();
        foreach (var size in sizes)
        {
            var dimension = new ProtobufWriter();
            dimension.Integer(1, size);
            shape.Message(1, dimension);
        }

        var (tensor, holder, value) = (new ProtobufWriter(), new ProtobufWriter(), new ProtobufWriter());
        tensor.Integer(1, (int)type);
        tensor.Message(2, shape);
        holder.Message(1, tensor);
        value.Text(1, name);
        value.Message(2, holder);
        return value;
    }

    private string NewName() => $"v{_names++}";
}
