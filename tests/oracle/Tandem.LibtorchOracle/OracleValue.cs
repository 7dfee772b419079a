using System.Runtime.InteropServices;
using Tandem.Host.Building;
using Tandem.Sdk;
using static TorchSharp.torch;
using ScalarType = Tandem.Sdk.ScalarType;

namespace Tandem.LibtorchOracle;

/// <summary>A tensor of a case: float32, int64 or bool, row-major.</summary>
/// <param name="ScalarType">Element type.</param>
/// <param name="Sizes">Sizes.</param>
/// <param name="Bytes">The elements.</param>
internal sealed record OracleValue(ScalarType ScalarType, int[] Sizes, byte[] Bytes)
{
    public static OracleValue Of(float[] elements, int[] sizes) => new(ScalarType.Float, sizes, MemoryMarshal.AsBytes(elements.AsSpan()).ToArray());

    public static OracleValue Of(long[] elements, int[] sizes) => new(ScalarType.Long, sizes, MemoryMarshal.AsBytes(elements.AsSpan()).ToArray());

    public static OracleValue Of(bool[] elements, int[] sizes) => new(ScalarType.Bool, sizes, MemoryMarshal.AsBytes(elements.AsSpan()).ToArray());

    public TensorLayout Layout => new(ScalarType, Sizes);

    /// <summary>Adds the value to a program as a parameter or, where it has no gradient, a buffer.</summary>
    public ModelTensor AddTo(ExportedProgramBuilder program, string name) => ScalarType switch
    {
        ScalarType.Float => program.Parameter<float>(name, MemoryMarshal.Cast<byte, float>(Bytes), Sizes),
        ScalarType.Long => program.Buffer<long>(name, MemoryMarshal.Cast<byte, long>(Bytes), Sizes),
        _ => program.Buffer<bool>(name, MemoryMarshal.Cast<byte, bool>(Bytes), Sizes),
    };

    /// <summary>The value as libtorch's tensor, a copy.</summary>
    public Tensor ToTorch()
    {
        long[] sizes = [.. Sizes];
        return ScalarType switch
        {
            ScalarType.Float => tensor(MemoryMarshal.Cast<byte, float>(Bytes).ToArray(), sizes),
            ScalarType.Long => tensor(MemoryMarshal.Cast<byte, long>(Bytes).ToArray(), sizes),
            _ => tensor(MemoryMarshal.Cast<byte, bool>(Bytes).ToArray(), sizes),
        };
    }
}
