using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Host.TensorFiles;

/// <summary>Reads and writes .safetensors: u64 header length, JSON header, data. Tensors are contiguous.</summary>
public static class SafetensorsFile
{
    private const int MaxHeaderBytes = 100_000_000;

    private static readonly ImmutableDictionary<string, ScalarType> TypeByName = new Dictionary<string, ScalarType>
    {
        ["BOOL"] = ScalarType.Bool,
        ["U8"] = ScalarType.Byte,
        ["I8"] = ScalarType.Char,
        ["I16"] = ScalarType.Short,
        ["U16"] = ScalarType.UInt16,
        ["I32"] = ScalarType.Int,
        ["U32"] = ScalarType.UInt32,
        ["I64"] = ScalarType.Long,
        ["U64"] = ScalarType.UInt64,
        ["F16"] = ScalarType.Half,
        ["BF16"] = ScalarType.BFloat16,
        ["F32"] = ScalarType.Float,
        ["F64"] = ScalarType.Double,
        ["C64"] = ScalarType.ComplexFloat,
        ["F8_E5M2"] = ScalarType.Float8E5M2,
        ["F8_E4M3"] = ScalarType.Float8E4M3Fn,
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<ScalarType, string> NameByType =
        TypeByName.ToImmutableDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>Reads all tensors of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Tensors by name; their bytes are slices of one array.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.TensorFileInvalid"/>.</exception>
    public static IReadOnlyDictionary<string, TensorData> Read(string path) => Read(path, TensorFile.ReadAllBytes(path));

    /// <summary>Reads all tensors of a buffer.</summary>
    /// <param name="name">Name of the buffer, for messages.</param>
    /// <param name="bytes">The whole file; kept, not copied.</param>
    /// <returns>Tensors by name.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.TensorFileInvalid"/>.</exception>
    public static IReadOnlyDictionary<string, TensorData> Read(string name, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < 8)
        {
            throw TensorFile.Invalid(name, "byte 0", "the file is shorter than its header length", "8 bytes or more", $"{bytes.Length} bytes");
        }

        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span);
        if (headerLength > MaxHeaderBytes || headerLength > (ulong)(bytes.Length - 8))
        {
            throw TensorFile.Invalid(name, "byte 0", "the header does not fit", $"at most {Math.Min(bytes.Length - 8, MaxHeaderBytes)} bytes", $"{headerLength} bytes");
        }

        var data = bytes[(8 + (int)headerLength)..];
        return ParseHeader(name, bytes.Slice(8, (int)headerLength), data.Length).ToDictionary(
            entry => entry.Key, entry => new TensorData(entry.Value.Layout, data.Slice((int)entry.Value.Offset, (int)entry.Value.Layout.ByteCount)), StringComparer.Ordinal);
    }

    /// <summary>Reads the header of a file: the layout of each tensor and the offset of its bytes in the file.</summary>
    internal static IReadOnlyDictionary<string, (TensorLayout Layout, long Offset)> ReadEntries(string path)
    {
        byte[] header;
        long fileLength;
        try
        {
            using var file = File.OpenHandle(path);
            fileLength = RandomAccess.GetLength(file);
            var length = new byte[8];
            var headerLength = RandomAccess.Read(file, length, 0) == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(length) : ulong.MaxValue;
            if (headerLength > MaxHeaderBytes || headerLength > (ulong)Math.Max(fileLength - 8, 0))
            {
                throw TensorFile.Invalid(path, "byte 0", "the header does not fit", $"at most {Math.Min(Math.Max(fileLength - 8, 0), MaxHeaderBytes)} bytes", $"{headerLength} bytes");
            }

            header = new byte[headerLength];
            for (var done = 0; done < header.Length;)
            {
                var read = RandomAccess.Read(file, header.AsSpan(done), 8 + done);
                done += read > 0 ? read : throw TensorFile.Invalid(path, "header", "the file ends in its header", $"{header.Length} bytes", $"{done} bytes");
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TandemException(ErrorCode.SourceUnreadable, "the file cannot be read", new ErrorDetails
            {
                File = path,
                Found = error.Message,
                NextStep = "check the path and its permissions",
            }, error);
        }

        return ParseHeader(path, header, fileLength - 8 - header.Length).ToDictionary(entry => entry.Key, entry => (entry.Value.Layout, 8 + header.Length + entry.Value.Offset));
    }

    /// <summary>Writes tensors to a file: to a temporary file first, then renamed.</summary>
    /// <param name="path">The file; replaced if it is there.</param>
    /// <param name="tensors">Contiguous tensors, written in the given order.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: a dtype or layout that the format lacks; <see cref="ErrorCode.TargetUnwritable"/>.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, TensorData>> tensors)
    {
        var items = tensors.ToList();
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            long offset = 0;
            foreach (var (name, tensor) in items)
            {
                if (!NameByType.TryGetValue(tensor.Layout.ScalarType, out var dtype) || !TensorShapes.IsContiguous(tensor.Layout.DimOrder.AsSpan()))
                {
                    throw new TandemException(ErrorCode.ArgumentInvalid, "safetensors cannot hold this tensor", new ErrorDetails
                    {
                        File = path,
                        Location = name,
                        Expected = "a contiguous tensor of a dtype that the format knows",
                        Found = tensor.Layout.ToString(),
                    });
                }

                json.WriteStartObject(name);
                json.WriteString("dtype", dtype);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Layout.Sizes)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Bytes.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // The format aligns the data by padding the header with spaces.
        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }

        TargetFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
            foreach (var (_, tensor) in items)
            {
                stream.Write(tensor.Bytes.Span);
            }
        });
    }

    private static Dictionary<string, (TensorLayout Layout, long Offset)> ParseHeader(string name, ReadOnlyMemory<byte> bytes, long dataLength)
    {
        var tensors = new Dictionary<string, (TensorLayout Layout, long Offset)>(StringComparer.Ordinal);
        try
        {
            using var header = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.Name != "__metadata__" && !tensors.TryAdd(entry.Name, ReadEntry(name, entry, dataLength)))
                {
                    throw TensorFile.Invalid(name, entry.Name, "a tensor is there twice", "unique names", entry.Name);
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw TensorFile.Invalid(name, "header", "the header cannot be read", "a JSON object of tensors with dtype, shape and data_offsets", error.Message, error);
        }

        return tensors;
    }

    private static (TensorLayout Layout, long Offset) ReadEntry(string file, JsonProperty entry, long dataLength)
    {
        var dtype = entry.Value.GetProperty("dtype").GetString();
        if (dtype is null || !TypeByName.TryGetValue(dtype, out var type))
        {
            throw TensorFile.Invalid(file, entry.Name, "the dtype is not known", string.Join(", ", TypeByName.Keys.Order()), dtype ?? "null");
        }

        var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()).ToArray();
        var offsets = entry.Value.GetProperty("data_offsets");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        var layout = TensorFile.CheckedLayout(file, entry.Name, type, shape);
        if (begin < 0 || end < begin || end > dataLength || end - begin != layout.ByteCount)
        {
            throw TensorFile.Invalid(file, entry.Name, "the data range does not fit the shape or the file",
                $"{layout.ByteCount} bytes inside the {dataLength} bytes of data", $"{begin} to {end}");
        }

        return (layout, begin);
    }
}
