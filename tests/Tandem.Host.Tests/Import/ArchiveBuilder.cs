using System.IO.Compression;
using System.Text;

namespace Tandem.Host.Tests.Import;

/// <summary>Writes small archives of torch.export's layout.</summary>
internal sealed class ArchiveBuilder
{
    /// <summary>A program that adds 1 to a tensor of two floats.</summary>
    internal const string AddOne = """
        {"graph_module": {"graph": {
          "inputs": [{"as_tensor": {"name": "x"}}],
          "outputs": [{"as_tensor": {"name": "add"}}],
          "nodes": [{"target": "torch.ops.aten.add.Tensor", "name": "add",
            "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}, "kind": 1}, {"name": "other", "arg": {"as_int": 1}, "kind": 1}],
            "outputs": [{"as_tensor": {"name": "add"}}],
            "metadata": {"stack_trace": "File \"nets.py\", line 7, in forward\n    return x + 1"}}],
          "tensor_values": {
            "x": {"dtype": 7, "sizes": [{"as_int": 2}], "requires_grad": false, "device": {"type": "cpu", "index": null}, "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7},
            "add": {"dtype": 7, "sizes": [{"as_int": 2}], "requires_grad": false, "device": {"type": "cpu", "index": null}, "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}},
          "sym_int_values": {}, "sym_bool_values": {}, "is_single_tensor_return": false, "custom_obj_values": {}, "sym_float_values": {}},
         "signature": {"input_specs": [{"user_input": {"arg": {"as_tensor": {"name": "x"}}}}], "output_specs": [{"user_output": {"arg": {"as_tensor": {"name": "add"}}}}]},
         "module_call_graph": [], "metadata": {}},
        "opset_version": {"aten": 10}, "range_constraints": {}, "schema_version": {"major": 8, "minor": 20}, "verifiers": ["TRAINING"], "torch_version": "2.13.0"}
        """;

    private readonly List<(string Name, byte[] Bytes, bool IsDeflated)> _members = [];

    /// <summary>An archive with one model.</summary>
    internal static byte[] WithModel(string model) => new ArchiveBuilder().AddMarks().Add("models/model.json", model).ToArray();

    internal ArchiveBuilder AddMarks() => Add("archive_format", "pt2").Add("archive_version", "0").Add("byteorder", "little");

    internal ArchiveBuilder Add(string name, string text, bool isDeflated = false) => Add(name, Encoding.UTF8.GetBytes(text), isDeflated);

    internal ArchiveBuilder Add(string name, byte[] bytes, bool isDeflated = false)
    {
        _members.Add((name, bytes, isDeflated));
        return this;
    }

    internal byte[] ToArray(string root = "model/")
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes, isDeflated) in _members)
            {
                using var entry = zip.CreateEntry(root + name, isDeflated ? CompressionLevel.SmallestSize : CompressionLevel.NoCompression).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }
}
