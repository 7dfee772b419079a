namespace Tandem.Benchmarks.Limits;

/// <summary>What of the machine binds a row.</summary>
internal enum LimitKind
{
    /// <summary>Float multiply-adds; the amount is in operations, two a multiply-add.</summary>
    FloatMultiplyAdd,

    /// <summary>Multiply-adds of bytes; the amount is in operations.</summary>
    Int8MultiplyAdd,

    /// <summary>Reading memory; the amount is in bytes.</summary>
    MemoryRead,
}
