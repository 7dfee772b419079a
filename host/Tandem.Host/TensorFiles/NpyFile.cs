using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Host.TensorFiles;

/// <summary>Reads and writes one tensor as NumPy's .npy (versions 1 to 3, C order, little endian).</summary>
public static partial class NpyFile
{
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.TensorFileInvalid"/>.</exception>
    public static TensorData Read(string path) => Read(path, TensorFile.ReadAllBytes(path));

    /// <summary>Reads a buffer.</summary>
    /// <param name="name">Name of the buffer, for messages.</param>
    /// <param name="bytes">The whole file; kept, not copied.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.TensorFileInvalid"/>.</exception>
    public static TensorData Read(string name, ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < 12 || !span.StartsWith(Magic))
        {
            throw TensorFile.Invalid(name, "byte 0", "this is not a .npy file", "\\x93NUMPY", $"{span.Length} bytes that begin otherwise");
        }

        var wide = span[6] >= 2;
        var start = wide ? 12 : 10;
        var length = wide ? BinaryPrimitives.ReadUInt32LittleEndian(span[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(span[8..]);
        if (length > span.Length - start)
        {
            throw TensorFile.Invalid(name, "byte 8", "the header does not fit", $"at most {span.Length - start} bytes", $"{length} bytes");
        }

        var header = Encoding.Latin1.GetString(span.Slice(start, (int)length));
        var match = HeaderPattern().Match(header);
        var type = match.Success ? FromDescription(match.Groups["descr"].Value) : null;
        if (type is null || match.Groups["order"].Value != "False")
        {
            throw TensorFile.Invalid(name, "header", "the array cannot be read", "a little-endian number type in C order", header.Trim());
        }

        var sizes = new List<int>();
        foreach (var part in match.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            sizes.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size
                : throw TensorFile.Invalid(name, "header", "a size cannot be read", "an integer", part));
        }

        var layout = TensorFile.CheckedLayout(name, "header", type.Value, sizes.ToArray());
        var data = bytes[(start + (int)length)..];
        if (data.Length != layout.ByteCount)
        {
            throw TensorFile.Invalid(name, "data", "the data does not fit the shape", $"{layout.ByteCount} bytes", $"{data.Length} bytes");
        }

        return new TensorData(layout, data);
    }

    /// <summary>Writes a file: to a temporary file first, then renamed.</summary>
    /// <param name="path">The file; replaced if it is there.</param>
    /// <param name="tensor">A contiguous tensor; bfloat16 is not a NumPy type and is refused.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: a dtype or layout that the format lacks; <see cref="ErrorCode.TargetUnwritable"/>.</exception>
    public static void Write(string path, TensorData tensor)
    {
        var description = Describe(tensor.Layout.ScalarType);
        if (description is null || !TensorShapes.IsContiguous(tensor.Layout.DimOrder.AsSpan()))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, ".npy cannot hold this tensor", new ErrorDetails
            {
                File = path,
                Expected = "a contiguous tensor of a NumPy type",
                Found = tensor.Layout.ToString(),
                NextStep = "write .safetensors",
            });
        }

        var shape = string.Concat(tensor.Layout.Sizes.Select(size => $"{size}, ")).TrimEnd(' ');
        var header = $"{{'descr': '{description}', 'fortran_order': False, 'shape': ({(tensor.Layout.Sizes.Length == 1 ? shape : shape.TrimEnd(','))}), }}";
        header = header.PadRight((10 + header.Length + 1 + 63) / 64 * 64 - 11) + "\n";
        TargetFile.Write(path, stream =>
        {
            stream.Write(Magic);
            stream.Write([1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
            stream.Write(Encoding.Latin1.GetBytes(header));
            stream.Write(tensor.Bytes.Span);
        });
    }

    private static ScalarType? FromDescription(string description) => description switch
    {
        "|b1" => ScalarType.Bool,
        "|u1" => ScalarType.Byte,
        "|i1" => ScalarType.Char,
        "<i2" => ScalarType.Short,
        "<u2" => ScalarType.UInt16,
        "<i4" => ScalarType.Int,
        "<u4" => ScalarType.UInt32,
        "<i8" => ScalarType.Long,
        "<u8" => ScalarType.UInt64,
        "<f2" => ScalarType.Half,
        "<f4" => ScalarType.Float,
        "<f8" => ScalarType.Double,
        "<c8" => ScalarType.ComplexFloat,
        "<c16" => ScalarType.ComplexDouble,
        _ => null,
    };

    private static string? Describe(ScalarType type) => type switch
    {
        ScalarType.Bool => "|b1",
        ScalarType.Byte => "|u1",
        ScalarType.Char => "|i1",
        ScalarType.Short => "<i2",
        ScalarType.UInt16 => "<u2",
        ScalarType.Int => "<i4",
        ScalarType.UInt32 => "<u4",
        ScalarType.Long => "<i8",
        ScalarType.UInt64 => "<u8",
        ScalarType.Half => "<f2",
        ScalarType.Float => "<f4",
        ScalarType.Double => "<f8",
        ScalarType.ComplexFloat => "<c8",
        ScalarType.ComplexDouble => "<c16",
        _ => null,
    };

    [GeneratedRegex(@"^\{\s*'descr':\s*'(?<descr>[^']+)',\s*'fortran_order':\s*(?<order>True|False),\s*'shape':\s*\((?<shape>[\d,\s]*)\),?\s*\}\s*$")]
    private static partial Regex HeaderPattern();
}
