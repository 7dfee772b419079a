using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>What the elements of a tensor are: plain numbers, or int8 codes with the parameters that give them their meaning.</summary>
/// <param name="Scalar">How an element is stored.</param>
/// <param name="Quantization">How a code stands for a number; null of plain numbers.</param>
internal readonly record struct ElementType(ScalarType Scalar, PayloadQuantization? Quantization = null)
{
    public static implicit operator ElementType(ScalarType scalar) => new(scalar);

    /// <summary>The payload's name of it.</summary>
    public PayloadDatatype Datatype => (Scalar, Quantization) switch
    {
        (ScalarType.Float, null) => PayloadDatatype.Fp32,
        (ScalarType.Half, null) => PayloadDatatype.Fp16,
        (ScalarType.Char, PayloadQuantization.PerTensor) => PayloadDatatype.QInt8,
        (ScalarType.Char, PayloadQuantization.PerTokenDynamic) => PayloadDatatype.QDInt8,
        (ScalarType.Char, null) => throw new LoweringRefusal("nothing says what numbers the int8 elements stand for"),
        _ => throw new LoweringRefusal($"a tensor of {Scalar.TorchName()}; payloads compute in float32, float16 and quantised int8"),
    };

    /// <summary>"float32", or "int8" for codes.</summary>
    public string TorchName() => Scalar.TorchName();
}
