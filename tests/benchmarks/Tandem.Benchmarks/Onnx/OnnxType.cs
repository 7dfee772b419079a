namespace Tandem.Benchmarks.Onnx;

/// <summary>Element types, by their numbers in ONNX.</summary>
internal enum OnnxType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
}
