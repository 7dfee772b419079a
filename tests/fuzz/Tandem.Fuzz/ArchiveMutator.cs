using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tandem.Fuzz;

/// <summary>
/// Damages archives of torch.export: the ZIP structure itself; and behind checksums that are right, what the members say: JSON changed where it has
/// meaning, pickles and storages changed, members dropped, renamed, doubled and deflated.
/// </summary>
internal sealed class ArchiveMutator(int seed)
{
    private static readonly string[] Values =
    [
        "0", "1", "-1", "2", "7", "13", "255", "32767", "2147483647", "4294967296", "9223372036854775807", "-9223372036854775808", "1e400", "1.5", "true", "false", "null", "\"\"",
        "\"x\"", "[]", "{}", "\"NaN\"", "\"Infinity\"", "\"../x\"", "\"weight_0\"", "\"Symbol('s0', positive=True, integer=True)\"", "\"Mul(Symbol('s0'), Symbol('s0'))\"",
        "\"FloorDiv(Integer(4), Integer(0))\"", "\"Pow(Symbol('s0'), Integer(62))\"", "\"Add(Integer(9223372036854775807), Integer(1))\"", "{\"as_int\": 3}", "{\"as_none\": true}",
        "{\"as_tensor\": {\"name\": \"x\"}}", "{\"as_expr\": {\"expr_str\": \"Symbol('s9')\", \"hint\": null}}", "\"torch.ops.aten.linear.default\"", "\"torch.ops.aten.view.default\"",
        "\"torch.ops.higher_order.cond\"", "\"_operator.mul\"",
    ];

    private readonly Mutator _bytes = new(seed);
    private readonly Random _random = new(seed);

    /// <summary>A damaged copy.</summary>
    public byte[] Mutate(byte[] file, byte[] other)
    {
        if (_random.Next(4) == 0)
        {
            return DamageStructure(file, other);
        }

        var members = Members(file);
        for (var changes = 1 << _random.Next(0, 4); changes > 0; changes--)
        {
            // JSON says the most, so that it is changed the most.
            List<int> texts = [.. Enumerable.Range(0, members.Count).Where(i => members[i].Name.EndsWith(".json", StringComparison.Ordinal))];
            if (texts.Count > 0 && _random.Next(4) > 0)
            {
                var at = texts[_random.Next(texts.Count)];
                members[at] = (members[at].Name, ChangeJson(members[at].Bytes));
                continue;
            }

            ChangeMembers(members, other);
        }

        return Build(members);
    }

    // The directory and the headers: near signatures, and near the end.
    private byte[] DamageStructure(byte[] file, byte[] other)
    {
        if (_random.Next(4) == 0)
        {
            return _bytes.Mutate(file, other);
        }

        var copy = file.ToArray();
        var starts = new List<int>();
        for (var at = 0; at + 4 <= copy.Length; at++)
        {
            if (copy[at] == 'P' && copy[at + 1] == 'K' && copy[at + 2] <= 7)
            {
                starts.Add(at);
            }
        }

        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            var at = Math.Min(starts[_random.Next(starts.Count)] + (_random.Next(24) * 2), copy.Length - 8);
            switch (_random.Next(4))
            {
                case 0:
                    copy[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(at), (ushort)_random.Next(70000));
                    break;
                case 2:
                    BinaryPrimitives.WriteInt32LittleEndian(copy.AsSpan(at), _random.Next(2) == 0 ? -1 : _random.Next(copy.Length + 2));
                    break;
                default:
                    BinaryPrimitives.WriteInt64LittleEndian(copy.AsSpan(at), long.MaxValue >> _random.Next(40));
                    break;
            }
        }

        return copy;
    }

    private void ChangeMembers(List<(string Name, byte[] Bytes)> members, byte[] other)
    {
        if (members.Count == 0)
        {
            return;
        }

        var at = _random.Next(members.Count);
        var (name, bytes) = members[at];
        switch (_random.Next(6))
        {
            case 0:
                members.RemoveAt(at);
                break;
            case 1:
                members[at] = (members[_random.Next(members.Count)].Name, bytes);
                break;
            case 2:
                members[at] = (name, bytes[..(bytes.Length / 2)]);
                break;
            case 3:
                members.Add(($"{name}{_random.Next(3)}", bytes));
                break;
            default:
                if (bytes.Length > 16)
                {
                    members[at] = (name, _bytes.Mutate(bytes, other));
                }

                break;
        }
    }

    private byte[] ChangeJson(byte[] bytes)
    {
        if (_random.Next(16) == 0 && bytes.Length > 16)
        {
            return _bytes.Mutate(bytes, bytes);
        }

        try
        {
            return ChangeNode(bytes);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            // Already damaged.
            return bytes;
        }
    }

    private byte[] ChangeNode(byte[] bytes)
    {
        var root = JsonNode.Parse(bytes, null, new JsonDocumentOptions { MaxDepth = 256 });
        var nodes = new List<JsonNode>();
        Collect(root, nodes);
        if (nodes.Count < 2)
        {
            return bytes;
        }

        var node = nodes[_random.Next(1, nodes.Count)];
        var donor = nodes[_random.Next(1, nodes.Count)];
        switch (_random.Next(5))
        {
            case 0:
                Replace(node, donor.DeepClone());
                break;
            case 1 when node.Parent is JsonObject parent:
                parent.Remove(node.GetPropertyName());
                break;
            case 1 when node.Parent is JsonArray array:
                array.RemoveAt(node.GetElementIndex());
                break;
            case 2 when node.Parent is JsonArray array:
                array.Insert(_random.Next(array.Count + 1), donor.DeepClone());
                break;
            case 3 when node is JsonValue value && value.TryGetValue<long>(out var number):
                Replace(node, JsonValue.Create(unchecked(number + _random.Next(-3, 4))));
                break;
            default:
                Replace(node, JsonNode.Parse(Values[_random.Next(Values.Length)]));
                break;
        }

        return Encoding.UTF8.GetBytes(root!.ToJsonString(new JsonSerializerOptions { MaxDepth = 1000 }));
    }

    private static void Replace(JsonNode node, JsonNode? value)
    {
        if (node.Parent is JsonObject parent)
        {
            parent[node.GetPropertyName()] = value;
        }
        else if (node.Parent is JsonArray array)
        {
            array[node.GetElementIndex()] = value;
        }
    }

    private static void Collect(JsonNode? node, List<JsonNode> nodes)
    {
        if (node is null)
        {
            return;
        }

        nodes.Add(node);
        foreach (var child in node is JsonObject container ? container.Select(member => member.Value) : node is JsonArray array ? array.AsEnumerable() : [])
        {
            Collect(child, nodes);
        }
    }

    private static List<(string Name, byte[] Bytes)> Members(byte[] file)
    {
        using var zip = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read);
        var members = new List<(string Name, byte[] Bytes)>();
        foreach (var entry in zip.Entries)
        {
            using var stream = entry.Open();
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            members.Add((entry.FullName, copy.ToArray()));
        }

        return members;
    }

    private byte[] Build(List<(string Name, byte[] Bytes)> members)
    {
        using var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in members)
            {
                var entry = zip.CreateEntry(name, _random.Next(8) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression);
                entry.LastWriteTime = DateTimeOffset.Parse("2000-01-01T00:00:00Z", CultureInfo.InvariantCulture);
                using var stream = entry.Open();
                stream.Write(bytes);
            }
        }

        return target.ToArray();
    }
}
