using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>The numbers that torch.export's archives use; they are not those of programs.</summary>
internal static class ArchiveCodes
{
    /// <summary>Layout of ordinary tensors.</summary>
    internal const long Strided = 7;

    internal static ScalarType ScalarType(long code) => code switch
    {
        1 => Sdk.ScalarType.Byte,
        2 => Sdk.ScalarType.Char,
        3 => Sdk.ScalarType.Short,
        4 => Sdk.ScalarType.Int,
        5 => Sdk.ScalarType.Long,
        6 => Sdk.ScalarType.Half,
        7 => Sdk.ScalarType.Float,
        8 => Sdk.ScalarType.Double,
        9 => Sdk.ScalarType.ComplexHalf,
        10 => Sdk.ScalarType.ComplexFloat,
        11 => Sdk.ScalarType.ComplexDouble,
        12 => Sdk.ScalarType.Bool,
        13 => Sdk.ScalarType.BFloat16,
        28 => Sdk.ScalarType.UInt16,
        29 => Sdk.ScalarType.Float8E4M3Fn,
        30 => Sdk.ScalarType.Float8E5M2,
        31 => Sdk.ScalarType.Float8E4M3Fnuz,
        32 => Sdk.ScalarType.Float8E5M2Fnuz,
        _ => throw Unknown("the element type is unknown", code),
    };

    /// <summary>The code of an element type.</summary>
    internal static long OfScalarType(ScalarType type) => CodeOfType.TryGetValue(type, out var code) ? code
        : throw new TandemException(ErrorCode.ExportedProgramNotSupported, "archives have no such element type", new ErrorDetails { Found = type.TorchName() });

    /// <summary>The code of a layout.</summary>
    internal static long OfLayout(string name) => Find(name, "layout", Layout, 7);

    /// <summary>The code of a memory format.</summary>
    internal static long OfMemoryFormat(string name) => Find(name, "memory format", MemoryFormat, 4);

    internal static string Layout(long code) => code switch
    {
        1 => "sparse_coo",
        2 => "sparse_csr",
        3 => "sparse_csc",
        4 => "sparse_bsr",
        5 => "sparse_bsc",
        6 => "_mkldnn",
        Strided => "strided",
        _ => throw Unknown("the layout is unknown", code),
    };

    internal static string MemoryFormat(long code) => code switch
    {
        1 => "contiguous_format",
        2 => "channels_last",
        3 => "channels_last_3d",
        4 => "preserve_format",
        _ => throw Unknown("the memory format is unknown", code),
    };

    private static readonly ImmutableDictionary<ScalarType, long> CodeOfType =
        Enumerable.Range(1, 13).Concat(Enumerable.Range(28, 5)).ToImmutableDictionary(code => ScalarType(code), code => (long)code);

    private static long Find(string name, string what, Func<long, string> nameOf, long last)
    {
        for (long code = 1; code <= last; code++)
        {
            if (nameOf(code) == name)
            {
                return code;
            }
        }

        throw new TandemException(ErrorCode.ExportedProgramNotSupported, $"archives have no such {what}", new ErrorDetails { Found = name });
    }

    private static TandemException Unknown(string problem, long code) =>
        new(ErrorCode.ExportedProgramNotSupported, problem, new ErrorDetails { Found = $"code {code}" });
}
