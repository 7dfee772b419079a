using System.Text.Json;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;

namespace Tandem.Host.Replay;

/// <summary>
/// A recorded case: a folder with case.json and io.safetensors. Two forms: a list of calls, or one function whose inputs and outputs are
/// named in.K and out.K (a second set in2.K and out2.K at another size).
/// </summary>
public sealed class ReplayCase
{
    private ReplayCase(string name, string folder, double absoluteTolerance, double relativeTolerance, IReadOnlyList<ReplayCall> calls)
    {
        Name = name;
        Folder = folder;
        AbsoluteTolerance = absoluteTolerance;
        RelativeTolerance = relativeTolerance;
        Calls = calls;
    }

    /// <summary>Name of the case.</summary>
    public string Name { get; }

    /// <summary>The folder it was read from.</summary>
    public string Folder { get; }

    /// <summary>Outputs agree if |ours - expected| is at most this plus <see cref="RelativeTolerance"/> times |expected|.</summary>
    public double AbsoluteTolerance { get; }

    /// <summary>The relative part of the tolerance.</summary>
    public double RelativeTolerance { get; }

    /// <summary>Calls, to be run in this order on one session.</summary>
    public IReadOnlyList<ReplayCall> Calls { get; }

    /// <summary>Reads a case.</summary>
    /// <param name="folder">Folder with case.json and io.safetensors.</param>
    /// <returns>The case.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.TensorFileInvalid"/>.</exception>
    public static ReplayCase Read(string folder)
    {
        var path = Path.Combine(folder, "case.json");
        var tensors = SafetensorsFile.Read(Path.Combine(folder, "io.safetensors"));
        try
        {
            using var json = JsonDocument.Parse(PythonJson.Sanitize(TensorFile.ReadAllBytes(path)), new JsonDocumentOptions { MaxDepth = 64 });
            var root = json.RootElement;
            var calls = root.TryGetProperty("calls", out var list) ? ReadCalls(path, list, tensors) : ReadFunction(path, tensors);
            return new ReplayCase(
                root.TryGetProperty("name", out var name) ? name.GetString()! : Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)),
                folder,
                root.GetProperty("atol").GetDouble(),
                root.GetProperty("rtol").GetDouble(),
                calls);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw TensorFile.Invalid(path, "case.json", "the case cannot be read", "an object with atol, rtol and calls (docs/replay.md)", error.Message, error);
        }
    }

    private static List<ReplayCall> ReadCalls(string path, JsonElement list, IReadOnlyDictionary<string, TensorData> tensors)
    {
        var calls = new List<ReplayCall>();
        foreach (var call in list.EnumerateArray())
        {
            calls.Add(new ReplayCall(calls.Count, call.GetProperty("method").GetString()!,
                [.. call.GetProperty("inputs").EnumerateArray().Select(item => ReadValue(path, item, tensors))],
                [.. call.GetProperty("outputs").EnumerateArray().Select(item => ReadValue(path, item, tensors))]));
        }

        return calls;
    }

    private static List<ReplayCall> ReadFunction(string path, IReadOnlyDictionary<string, TensorData> tensors)
    {
        var calls = new List<ReplayCall>();
        foreach (var set in new[] { "", "2" })
        {
            var outputs = Numbered(tensors, $"out{set}.");
            if (outputs.Count > 0)
            {
                calls.Add(new ReplayCall(calls.Count, "forward", Numbered(tensors, $"in{set}."), outputs));
            }
        }

        return calls.Count > 0 ? calls
            : throw TensorFile.Invalid(path, "out.0", "the case has no call", "a list of calls, or tensors in.K and out.K", "neither");
    }

    private static List<ReplayValue> Numbered(IReadOnlyDictionary<string, TensorData> tensors, string prefix)
    {
        var values = new List<ReplayValue>();
        while (tensors.TryGetValue($"{prefix}{values.Count}", out var tensor))
        {
            values.Add(new ReplayValue($"{prefix}{values.Count}", tensor, null));
        }

        return values;
    }

    private static ReplayValue ReadValue(string path, JsonElement item, IReadOnlyDictionary<string, TensorData> tensors) => item.ValueKind switch
    {
        JsonValueKind.String when tensors.TryGetValue(item.GetString()!, out var tensor) => new ReplayValue(item.GetString(), tensor, null),
        JsonValueKind.String => throw TensorFile.Invalid(path, item.GetString()!, "io.safetensors lacks a tensor that a call names", item.GetString(), "no such tensor"),
        JsonValueKind.True or JsonValueKind.False => new ReplayValue(null, null, item.GetBoolean()),
        JsonValueKind.Number when item.TryGetInt64(out var integer) && !item.GetRawText().Contains('.') => new ReplayValue(null, null, integer),
        JsonValueKind.Number => new ReplayValue(null, null, item.GetDouble()),
        _ => throw TensorFile.Invalid(path, "calls", "a value has an unknown kind", "a tensor name or a number", item.ValueKind.ToString()),
    };
}
