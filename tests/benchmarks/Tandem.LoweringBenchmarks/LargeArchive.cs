using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tandem.LoweringBenchmarks;

/// <summary>Writes an archive as torch.export does: a chain of linear layers, each with a weight of its own.</summary>
internal static class LargeArchive
{
    private const int Width = 4096;

    /// <summary>Bytes of one weight.</summary>
    public const long WeightBytes = (long)Width * Width * sizeof(float);

    public static void Write(string path, long megabytes)
    {
        var layers = (int)Math.Max(1, megabytes * (1 << 20) / WeightBytes);
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        var buffer = new float[1 << 18];
        for (var layer = 0; layer < layers; layer++)
        {
            using var stream = Member(archive, $"data/weights/weight_{layer}");
            for (long done = 0; done < WeightBytes; done += buffer.Length * sizeof(float))
            {
                // Small numbers that differ from place to place and from layer to layer, so that nothing is equal to anything.
                for (var i = 0; i < buffer.Length; i++)
                {
                    buffer[i] = (((done / sizeof(float)) + i + (layer * 31L)) * 2654435761L & 0xffff) / 4e6f;
                }

                stream.Write(MemoryMarshal.AsBytes(buffer.AsSpan()));
            }
        }

        var weights = Enumerable.Range(0, layers).ToDictionary(layer => $"{layer}.weight", layer => (object)new
        {
            path_name = $"weight_{layer}",
            is_param = true,
            use_pickle = false,
            tensor_meta = Meta(Width, Width),
        });
        Text(archive, "data/weights/model_weights_config.json", new { config = weights });
        Text(archive, "data/constants/model_constants_config.json", new { config = new Dictionary<string, object>() });
        Text(archive, "models/model.json", Model(layers));
        Text(archive, "archive_format", "pt2");
        Text(archive, "archive_version", "0");
        Text(archive, "byteorder", "little");
    }

    private static object Model(int layers)
    {
        var values = new Dictionary<string, object> { ["x"] = Meta(1, Width) };
        var (inputs, specs, nodes) = (new List<object>(), new List<object>(), new List<object>());
        var last = "x";
        for (var layer = 0; layer < layers; layer++)
        {
            var weight = $"p_{layer}_weight";
            values[weight] = Meta(Width, Width);
            inputs.Add(Tensor(weight));
            specs.Add(new { parameter = new { arg = new { name = weight }, parameter_name = $"{layer}.weight" } });
            nodes.Add(Node("linear", $"linear_{layer}", ("input", last), ("weight", weight)));
            nodes.Add(Node("relu", $"relu_{layer}", ("self", $"linear_{layer}")));
            last = $"relu_{layer}";
            values[$"linear_{layer}"] = values[last] = Meta(1, Width);
        }

        inputs.Add(Tensor("x"));
        specs.Add(new { user_input = new { arg = Tensor("x") } });
        const string Leaf = """{"type": null, "context": null, "children_spec": []}""";
        return new
        {
            graph_module = new
            {
                graph = new
                {
                    inputs,
                    outputs = new[] { Tensor(last) },
                    nodes,
                    tensor_values = values,
                    sym_int_values = new { },
                    sym_bool_values = new { },
                    is_single_tensor_return = false,
                    custom_obj_values = new { },
                    sym_float_values = new { },
                },
                signature = new { input_specs = specs, output_specs = new[] { new { user_output = new { arg = Tensor(last) } } } },
                module_call_graph = new[]
                {
                    new
                    {
                        fqn = "",
                        signature = new
                        {
                            inputs = Array.Empty<object>(),
                            outputs = Array.Empty<object>(),
                            in_spec = "[1, {\"type\": \"builtins.tuple\", \"context\": \"null\", \"children_spec\": [{\"type\": \"builtins.tuple\", \"context\": \"null\", \"children_spec\": ["
                                + Leaf + "]}, {\"type\": \"builtins.dict\", \"context\": \"[]\", \"children_spec\": []}]}]",
                            out_spec = $"[1, {Leaf}]",
                            forward_arg_names = new[] { "x" },
                        },
                    },
                },
                metadata = new { },
                treespec_namedtuple_fields = new { },
            },
            opset_version = new { aten = 10 },
            range_constraints = new { },
            schema_version = new { major = 8, minor = 20 },
            verifiers = new[] { "TRAINING" },
            torch_version = "2.13.0+cpu",
            guards_code = Array.Empty<string>(),
        };
    }

    private static object Node(string name, string result, params (string Parameter, string Value)[] arguments) => new
    {
        target = $"torch.ops.aten.{name}.default",
        inputs = arguments.Select(argument => new { name = argument.Parameter, arg = Tensor(argument.Value), kind = 1 }),
        outputs = new[] { Tensor(result) },
        metadata = new { },
        is_hop_single_tensor_return = (bool?)null,
        name = result,
    };

    private static object Tensor(string name) => new { as_tensor = new { name } };

    private static object Meta(params int[] sizes) => new
    {
        dtype = 7,
        sizes = sizes.Select(size => new { as_int = size }),
        requires_grad = false,
        device = new { type = "cpu", index = (int?)null },
        strides = sizes.Select((_, dim) => new { as_int = sizes[(dim + 1)..].Aggregate(1, (product, size) => product * size) }),
        storage_offset = new { as_int = 0 },
        layout = 7,
    };

    private static Stream Member(ZipArchive archive, string name) => archive.CreateEntry($"model/{name}", CompressionLevel.NoCompression).Open();

    private static void Text(ZipArchive archive, string name, object content)
    {
        using var stream = Member(archive, name);
        stream.Write(content is string text ? System.Text.Encoding.UTF8.GetBytes(text) : JsonSerializer.SerializeToUtf8Bytes(content));
    }
}
