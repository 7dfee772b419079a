using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tandem.Host.Lowering.Emission;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>One of the two folders of an archive that hold tensors: the storages, and for each method a config that says what lies where.</summary>
/// <param name="name">"weights" or "constants".</param>
/// <param name="prefix">What the names of storages begin with.</param>
/// <param name="state">Qualified names of the buffers that calls change.</param>
internal sealed class PayloadFolder(string name, string prefix, IReadOnlySet<string> state)
{
    private readonly Dictionary<Key, string> _files = [];

    /// <summary>Writes the storages that are not there yet, and the config of a method.</summary>
    internal void Write(PackageWriter package, string model, IEnumerable<GraphInputSpec> inputs, ExportedMethod method, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteStartObject("config");
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var input in inputs)
            {
                var tensor = Stored(input, method);
                var key = new Key(tensor.Storage, tensor.Spec.ScalarType, input.QualifiedName is { } own && state.Contains(own) ? own : null);
                if (!_files.TryGetValue(key, out var file))
                {
                    file = string.Create(CultureInfo.InvariantCulture, $"{prefix}_{_files.Count}");
                    package.Add($"data/{name}/{file}", tensor.Storage, cancellationToken);
                    _files.Add(key, file);
                }

                if (!names.Add(input.QualifiedName ?? input.ValueName))
                {
                    continue;
                }

                json.WriteStartObject(input.QualifiedName ?? input.ValueName);
                json.WriteString("path_name", file);
                json.WriteBoolean("is_param", input.Kind == GraphInputKind.Parameter);
                json.WriteBoolean("use_pickle", false);
                json.WritePropertyName("tensor_meta");
                TensorMeta.Write(json, tensor.Spec, null);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        package.Add($"data/{name}/{model}_{name}_config.json", text.GetBuffer().AsSpan(0, (int)text.Length));
    }

    private static ExportedTensor Stored(GraphInputSpec input, ExportedMethod method)
    {
        if (input.Tensor is not { } tensor)
        {
            var spec = method.Graph.Inputs.First(value => value.Name == input.ValueName).Tensor!;
            return new ExportedTensor(spec with { Strides = default, StorageOffset = 0 }, new ZeroContent(spec.ToUpperBound().ByteCount, $"buffer '{input.QualifiedName}'"));
        }

        // A storage that is no whole number of elements is stored as the dense tensor.
        if (tensor.Storage.Length % tensor.Spec.ScalarType.Size() == 0 && tensor.Storage.Length > 0)
        {
            return tensor;
        }

        var layout = tensor.Spec.ToUpperBound();
        return new ExportedTensor(tensor.Spec with { Strides = default, StorageOffset = 0 }, TensorContent.Of(tensor, layout));
    }

    // A file is one storage to torch, with one element type: tensors of several types need one each, and so does all state, whose first values are often equal.
    private sealed record Key(DataContent Content, ScalarType Type, string? State)
    {
        public bool Equals(Key? other) => other is not null && ReferenceEquals(Content, other.Content) && Type == other.Type && State == other.State;

        public override int GetHashCode() => HashCode.Combine(RuntimeHelpers.GetHashCode(Content), Type, State);
    }
}
