using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Constants;

/// <summary>Codes from -8 to 7, two in a byte: code + 8 of an even column in the low four bits, that of the odd column behind it in the high ones.</summary>
internal static class FourBitCodes
{
    private static readonly ConditionalWeakTable<DataContent, object> s_checked = [];

    /// <summary>Packs a matrix of int8; the last byte of an odd row ends with the code 0.</summary>
    /// <param name="codes">The codes, [rows, columns].</param>
    /// <returns>[rows, (columns + 1) / 2], computed when its bytes are needed.</returns>
    /// <exception cref="LoweringRefusal">A code is not within four bits, or it is no matrix.</exception>
    public static ConstantTensor Pack(ConstantTensor codes)
    {
        if (codes.Rank != 2)
        {
            throw new LoweringRefusal($"codes of four bits in {codes.Rank} dimensions; payloads have matrices of them");
        }

        Check(codes);
        var (rows, columns) = (codes.Sizes[0], codes.Sizes[1]);
        var width = (columns + 1) / 2;
        return ConstantTensor.ComputeBytes(codes.Origin, ScalarType.Byte, [rows, width], () =>
        {
            var source = codes.ReadBytes();
            var packed = new byte[rows * width];
            for (var row = 0; row < rows; row++)
            {
                for (var i = 0; i < width; i++)
                {
                    var low = source[(row * columns) + (2 * i)] + 8;
                    var high = (2 * i) + 1 < columns ? source[(row * columns) + (2 * i) + 1] + 8 : 8;
                    packed[(row * width) + i] = (byte)((low & 15) | (high << 4));
                }
            }

            return packed;
        });
    }

    // Every node is lowered several times while partitions are sought: a content that was looked through is not read again.
    private static void Check(ConstantTensor codes)
    {
        var content = codes.ToContent();
        if (s_checked.TryGetValue(content, out _))
        {
            return;
        }

        foreach (var code in codes.ReadBytes())
        {
            if ((sbyte)code is < -8 or > 7)
            {
                throw new LoweringRefusal($"the weight declares codes of four bits and holds the code {(sbyte)code}");
            }
        }

        s_checked.AddOrUpdate(content, content);
    }
}
