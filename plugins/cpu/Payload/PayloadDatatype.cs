namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Element types with the payload's codes and names.</summary>
internal enum PayloadDatatype : short
{
    Invalid = 0,
    Fp32 = 1,
    Fp16 = 2,
    QInt8 = 3,
    QUInt8 = 4,
    QInt32 = 5,
    QCInt8 = 6,
    QCInt32 = 7,
    QCInt4 = 8,
    QDInt8 = 9,
    QBInt4 = 10,
    QPInt8 = 11,
    Int32 = 12,
    PFp32 = 13,
    BF16 = 14,
}
