using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tandem.Host.Execution;
using Tandem.Host.Replay;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;

namespace Tandem.Cli.Inputs;

/// <summary>Reads the inputs of a call from what the user gave.</summary>
internal static class InputSource
{
    /// <summary>Reads one value for each input of the method.</summary>
    public static IReadOnlyList<ReplayValue> Read(MethodInfo method, string[] sources, int seed)
    {
        if (sources is [var single])
        {
            if (single == "random")
            {
                var random = new Random(seed);
                return [.. method.Inputs.Select(input => Random(input, random))];
            }

            if (single.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            {
                var tensors = SafetensorsFile.Read(single);
                return [.. method.Inputs.Select((input, i) => tensors.TryGetValue($"in.{i}", out var tensor) ? new ReplayValue($"in.{i}", tensor, null)
                    : input.Default is { } traced ? new ReplayValue(null, null, traced)
                    : throw Missing(single, $"in.{i}", string.Join(", ", tensors.Keys)))];
            }
        }

        if (sources.Length != method.Inputs.Count)
        {
            throw new TandemException(ErrorCode.InputInvalid, "the number of inputs is another", new ErrorDetails
            {
                Location = method.Name,
                Expected = $"{method.Inputs.Count} inputs: {string.Join(", ", method.Inputs)}",
                Found = $"{sources.Length}",
                NextStep = "give --inputs FILE.safetensors, one .npy or JSON value for each input, or random",
            });
        }

        return [.. method.Inputs.Select((input, i) => Read(input, sources[i]))];
    }

    private static ReplayValue Read(MethodValueInfo input, string source)
    {
        if (source.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            return new ReplayValue(source, NpyFile.Read(source), null);
        }

        try
        {
            using var json = JsonDocument.Parse(source.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? File.ReadAllText(source) : source);
            return input.Kind == EValueKind.Tensor ? new ReplayValue(null, FromJson(input.ScalarType, json.RootElement), null)
                : new ReplayValue(null, null, Scalar(json.RootElement));
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or OverflowException)
        {
            throw new TandemException(ErrorCode.TensorFileInvalid, "an input cannot be read as JSON", new ErrorDetails
            {
                Location = source.Length > 80 ? source[..80] + "..." : source,
                Expected = $"nested lists of numbers for {input}",
                Found = error.Message,
            }, error);
        }
    }

    private static object? Scalar(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
        JsonValueKind.Number when json.TryGetInt64(out var integer) => integer,
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.String => json.GetString(),
        _ => null,
    };

    private static TensorData FromJson(ScalarType type, JsonElement json)
    {
        var sizes = new List<int>();
        for (var level = json; level.ValueKind == JsonValueKind.Array; level = level[0])
        {
            sizes.Add(level.GetArrayLength());
            if (sizes[^1] == 0)
            {
                break;
            }
        }

        var layout = new TensorLayout(type, CollectionsMarshal.AsSpan(sizes));
        var bytes = new byte[layout.ByteCount];
        var position = 0;
        Fill(type, json, sizes, 0, bytes, ref position);
        return new TensorData(layout, bytes);
    }

    private static void Fill(ScalarType type, JsonElement json, List<int> sizes, int depth, Span<byte> bytes, ref int position)
    {
        if (depth < sizes.Count)
        {
            if (json.GetArrayLength() != sizes[depth])
            {
                throw new FormatException($"lists of different lengths at depth {depth}");
            }

            foreach (var item in json.EnumerateArray())
            {
                Fill(type, item, sizes, depth + 1, bytes, ref position);
            }

            return;
        }

        var number = json.ValueKind is JsonValueKind.True or JsonValueKind.False ? (json.GetBoolean() ? 1 : 0)
            : json.ValueKind == JsonValueKind.String ? double.Parse(json.GetString()!, CultureInfo.InvariantCulture) : json.GetDouble();
        Store(type, number, json, bytes[position..]);
        position += type.Size();
    }

    private static void Store(ScalarType type, double number, JsonElement json, Span<byte> target)
    {
        switch (type)
        {
            case ScalarType.Float: MemoryMarshal.Write(target, (float)number); break;
            case ScalarType.Double: MemoryMarshal.Write(target, number); break;
            case ScalarType.Half: MemoryMarshal.Write(target, (Half)number); break;
            case ScalarType.BFloat16: MemoryMarshal.Write(target, (BFloat16)(float)number); break;
            case ScalarType.Long: MemoryMarshal.Write(target, json.ValueKind == JsonValueKind.Number ? json.GetInt64() : checked((long)number)); break;
            case ScalarType.Int: MemoryMarshal.Write(target, checked((int)number)); break;
            case ScalarType.Short: MemoryMarshal.Write(target, checked((short)number)); break;
            case ScalarType.Char: MemoryMarshal.Write(target, checked((sbyte)number)); break;
            case ScalarType.Byte: MemoryMarshal.Write(target, checked((byte)number)); break;
            case ScalarType.Bool: target[0] = number != 0 ? (byte)1 : (byte)0; break;
            case ScalarType.UInt16: MemoryMarshal.Write(target, checked((ushort)number)); break;
            case ScalarType.UInt32: MemoryMarshal.Write(target, checked((uint)number)); break;
            case ScalarType.UInt64: MemoryMarshal.Write(target, json.ValueKind == JsonValueKind.Number ? json.GetUInt64() : checked((ulong)number)); break;
            default: throw new FormatException($"JSON cannot give {type.TorchName()}");
        }
    }

    // Standard normal floats; small non-negative integers, which are valid indices for most programs.
    private static ReplayValue Random(MethodValueInfo input, Random random)
    {
        if (input.Kind != EValueKind.Tensor)
        {
            return new ReplayValue(null, null, input.Default);
        }

        var layout = new TensorLayout(input.ScalarType, input.MaxSizes.Span);
        var bytes = new byte[layout.ByteCount];
        for (var i = 0; i < layout.ElementCount; i++)
        {
            var target = bytes.AsSpan(i * layout.ScalarType.Size());
            if (layout.ScalarType.IsFloatingPoint())
            {
                Store(layout.ScalarType, Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()), default, target);
            }
            else
            {
                target[0] = (byte)random.Next(2);
            }
        }

        return new ReplayValue(null, new TensorData(layout, bytes), null);
    }

    private static TandemException Missing(string file, string name, string found) => new(ErrorCode.TensorFileInvalid,
        "the file lacks an input", new ErrorDetails { File = file, Location = name, Expected = name, Found = found });
}
