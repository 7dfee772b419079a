using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Tandem.Host.Diagnostics.Reports;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>The entry of the named data that says how a program was lowered: compact JSON, which no runtime needs.</summary>
/// <remarks>
/// Node names are grouped by operator and written by <see cref="NodeNames"/>; keys of named data by as many characters as tell them apart; reasons once.
/// </remarks>
internal static class LoweringMetadata
{
    /// <summary>Key of the entry. Keys of metadata begin with "metadata.", so that they meet no key of a backend.</summary>
    internal const string Key = "metadata.tandem";

    private const int Version = 1;
    private const int LeastKeyLength = 8;
    private const int MaximumLength = 64 << 20;
    private const int MaximumNodes = 4_000_000;

    /// <summary>Writes the entry.</summary>
    internal static byte[] Write(LoweringRecord record)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            var backends = record.Backends.Select(backend => backend.BackendId).ToList();
            var keys = record.Methods.SelectMany(method => method.Partitions).SelectMany(partition => partition.NamedDataKeys).Distinct(StringComparer.Ordinal).ToList();
            var reasons = record.Methods.SelectMany(method => method.Nodes).SelectMany(node => node.Refusals).Distinct().ToList();
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteStartArray("backends");
            foreach (var backend in record.Backends)
            {
                WriteStrings(json, [backend.BackendId, backend.Plugin]);
            }

            json.WriteEndArray();
            json.WritePropertyName("data");
            WriteStrings(json, Abbreviate(keys));
            json.WriteStartArray("reasons");
            foreach (var reason in reasons)
            {
                json.WriteStartArray();
                json.WriteNumberValue(backends.IndexOf(reason.BackendId));
                json.WriteStringValue(reason.Reason);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteStartArray("methods");
            foreach (var method in record.Methods)
            {
                WriteMethod(json, method, backends, keys, reasons);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Reads the entry of a file.</summary>
    /// <param name="bytes">The bytes; untrusted.</param>
    /// <param name="keys">Keys of the program's named data.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.NamedDataMismatch"/>: it is none of ours, or damaged.</exception>
    internal static LoweringRecord Read(ReadOnlySpan<byte> bytes, IEnumerable<string> keys)
    {
        try
        {
            if (bytes.Length > MaximumLength)
            {
                throw new FormatException($"{bytes.Length} bytes");
            }

            using var json = JsonDocument.Parse(bytes.ToArray(), new JsonDocumentOptions { MaxDepth = 16 });
            return Read(json.RootElement, keys.Order(StringComparer.Ordinal).ToList());
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new TandemException(ErrorCode.NamedDataMismatch, "the record of the lowering cannot be read", new ErrorDetails
            {
                Location = Key,
                Expected = $"metadata of version {Version}",
                Found = error.Message,
                NextStep = "lower the program again; it runs without the record",
            }, error);
        }
    }

    private static void WriteMethod(Utf8JsonWriter json, LoweringMethodRecord method, List<string> backends, List<string> keys, List<LoweringRefusalRecord> reasons)
    {
        json.WriteStartObject();
        json.WriteString("name", method.Name);
        json.WriteStartArray("delegates");
        foreach (var partition in method.Partitions)
        {
            json.WriteStartObject();
            json.WriteNumber("backend", backends.IndexOf(partition.BackendId));
            json.WriteString("data", NodeNames.WriteNumbers(partition.NamedDataKeys.Select(key => keys.IndexOf(key))));
            // A node that an earlier backend refused before this one took it is a group of its own.
            WriteGroups(json, method.Nodes.Where(node => node.Partition == partition.Index), reasons);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("host");
        WriteGroups(json, method.Nodes.Where(node => node.Partition < 0), reasons);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteGroups(Utf8JsonWriter json, IEnumerable<LoweringNodeRecord> nodes, List<LoweringRefusalRecord> reasons)
    {
        json.WriteStartArray("nodes");
        foreach (var group in nodes.GroupBy(node => (node.Operator, Reasons: NodeNames.WriteNumbers(node.Refusals.Select(refusal => reasons.IndexOf(refusal))))))
        {
            string[] parts = [group.Key.Operator, NodeNames.Write(group.Key.Operator, group.Select(node => node.Name)), group.Key.Reasons];
            WriteStrings(json, group.Key.Reasons.Length == 0 ? parts[..2] : parts);
        }

        json.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter json, IEnumerable<string> items)
    {
        json.WriteStartArray();
        foreach (var item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    // As few characters as tell all keys apart.
    private static List<string> Abbreviate(List<string> keys)
    {
        var length = LeastKeyLength;
        while (length < keys.Select(key => key.Length).DefaultIfEmpty().Max()
            && keys.Select(key => key[..Math.Min(length, key.Length)]).Distinct(StringComparer.Ordinal).Count() < keys.Count)
        {
            length++;
        }

        return keys.ConvertAll(key => key[..Math.Min(length, key.Length)]);
    }

    private static LoweringRecord Read(JsonElement root, List<string> keys)
    {
        if (root.GetProperty("version").GetInt32() != Version)
        {
            throw new FormatException($"version {root.GetProperty("version")}");
        }

        var backends = root.GetProperty("backends").EnumerateArray().Select(item => new LoweringBackendRecord(Text(item[0]), Text(item[1]))).ToList();
        var data = root.GetProperty("data").EnumerateArray().Select(item => Find(Text(item), keys)).ToList();
        var reasons = root.GetProperty("reasons").EnumerateArray().Select(item => new LoweringRefusalRecord(backends[item[0].GetInt32()].BackendId, Text(item[1]))).ToList();
        var left = MaximumNodes;
        var methods = new List<LoweringMethodRecord>();
        foreach (var method in root.GetProperty("methods").EnumerateArray())
        {
            var nodes = new List<LoweringNodeRecord>();
            var partitions = new List<LoweringPartitionRecord>();
            foreach (var item in method.GetProperty("delegates").EnumerateArray())
            {
                nodes.AddRange(ReadGroups(item, partitions.Count, reasons, ref left));
                partitions.Add(new LoweringPartitionRecord(partitions.Count, backends[item.GetProperty("backend").GetInt32()].BackendId,
                    [.. NodeNames.ReadNumbers(Text(item.GetProperty("data")), data.Count).Select(index => data[index])]));
            }

            nodes.AddRange(ReadGroups(method.GetProperty("host"), -1, reasons, ref left));
            methods.Add(new LoweringMethodRecord(Text(method.GetProperty("name")), nodes, partitions));
        }

        return new LoweringRecord(backends, methods);
    }

    private static List<LoweringNodeRecord> ReadGroups(JsonElement owner, int partition, List<LoweringRefusalRecord> reasons, ref int left)
    {
        var nodes = new List<LoweringNodeRecord>();
        foreach (var group in owner.GetProperty("nodes").EnumerateArray())
        {
            var op = Text(group[0]);
            List<LoweringRefusalRecord> refusals = group.GetArrayLength() < 3 ? []
                : [.. NodeNames.ReadNumbers(Text(group[2]), reasons.Count).Select(index => reasons[index])];
            var names = NodeNames.Read(op, Text(group[1]), left);
            left -= names.Count;
            nodes.AddRange(names.Select(name => new LoweringNodeRecord(name, op, partition, refusals)));
        }

        return nodes;
    }

    private static string Text(JsonElement item) => item.GetString() ?? throw new FormatException("null");

    private static string Find(string prefix, List<string> keys)
    {
        var index = keys.BinarySearch(prefix, StringComparer.Ordinal);
        index = index < 0 ? ~index : index;
        return index < keys.Count && keys[index].StartsWith(prefix, StringComparison.Ordinal) ? keys[index] : prefix;
    }
}
