using System.Globalization;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>The load-time options of the plugin.</summary>
internal static class CpuOptions
{
    /// <summary>The highest rung of the kernel ladder to use: avx512vnni, avx512, avxvnni, avx2, armdot, advsimd, vector128 or scalar.</summary>
    public const string InstructionSetName = "isa";

    /// <summary>The folder in which packed weights are kept between processes; a full path. None: they are packed at each start.</summary>
    public const string PackedCacheName = "packed_cache";

    /// <summary>Most bytes of the files in that folder.</summary>
    public const string PackedCacheBytesName = "packed_cache_bytes";

    /// <summary>Whether 3x3 convolutions may take Winograd's transforms: true or false; true if it is left out.</summary>
    public const string WinogradName = "winograd";

    private const string Names = "avx512vnni, avx512, avxvnni, avx2, armdot, advsimd, vector128 or scalar";

    /// <summary>The rung that the options allow and this CPU has.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: no such rung.</exception>
    public static InstructionSet GetInstructionSet(BackendOptions options)
    {
        var text = options.GetString(InstructionSetName);
        return text?.ToLowerInvariant() switch
        {
            null or "" => CpuFeatures.Best,
            "avx512vnni" => CpuFeatures.BestUpTo(InstructionSet.Avx512Vnni),
            "avx512" => CpuFeatures.BestUpTo(InstructionSet.Avx512),
            "avxvnni" => CpuFeatures.BestUpTo(InstructionSet.AvxVnni),
            "avx2" => CpuFeatures.BestUpTo(InstructionSet.Avx2),
            "armdot" => CpuFeatures.BestUpTo(InstructionSet.ArmDot),
            "advsimd" => CpuFeatures.BestUpTo(InstructionSet.AdvSimd),
            "vector128" => CpuFeatures.BestUpTo(InstructionSet.Vector128),
            "scalar" => InstructionSet.Scalar,
            _ => throw new TandemException(ErrorCode.ConfigurationInvalid, "the option names no instruction set", new ErrorDetails
            {
                Location = InstructionSetName,
                Expected = Names,
                Found = text,
                NextStep = "correct the option, or leave it out for the best instruction set of this CPU",
            }),
        };
    }

    /// <summary>Whether 3x3 convolutions may take Winograd's transforms.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: neither true nor false.</exception>
    public static bool GetWinograd(BackendOptions options)
    {
        var text = options.GetString(WinogradName);
        return text?.ToLowerInvariant() switch
        {
            null or "" or "true" => true,
            "false" => false,
            _ => throw new TandemException(ErrorCode.ConfigurationInvalid, "the option is neither true nor false", new ErrorDetails
            {
                Location = WinogradName,
                Expected = "true or false",
                Found = text,
                NextStep = "correct the option, or leave it out",
            }),
        };
    }

    /// <summary>Where packed weights are kept between processes; null: nowhere.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: no full path, or no number of bytes.</exception>
    public static PackedCacheOptions? GetPackedCache(BackendOptions options)
    {
        var bytes = options.GetString(PackedCacheBytesName);
        var maxBytes = PackedCacheOptions.DefaultMaxBytes;
        if (!string.IsNullOrEmpty(bytes) && (!long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out maxBytes) || maxBytes == 0))
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "the option is no number of bytes", new ErrorDetails
            {
                Location = PackedCacheBytesName,
                Expected = "a number from 1 on",
                Found = bytes,
                NextStep = "correct the option, or leave it out",
            });
        }

        var folder = options.GetString(PackedCacheName);
        if (string.IsNullOrEmpty(folder))
        {
            return null;
        }

        // A relative path would name another folder in each process.
        return Path.IsPathFullyQualified(folder) && !folder.Contains('\0')
            ? new PackedCacheOptions(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), maxBytes)
            : throw new TandemException(ErrorCode.ConfigurationInvalid, "the option names no folder", new ErrorDetails
            {
                Location = PackedCacheName,
                Expected = "the full path of a folder",
                Found = folder,
                NextStep = "correct the option, or leave it out to pack weights at each start",
            });
    }
}
