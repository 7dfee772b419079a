using System.Buffers.Binary;
using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Where the parts of a payload lie; the header "XH00", or a bare FlatBuffer as old exports wrote it.</summary>
/// <param name="HasHeader">Whether there is a header; without one constants lie in the FlatBuffer.</param>
/// <param name="FlatBufferOffset">First byte of the FlatBuffer.</param>
/// <param name="FlatBufferLength">Its bytes.</param>
/// <param name="ConstantOffset">First byte of the constant area.</param>
/// <param name="ConstantLength">Its bytes.</param>
internal readonly record struct PayloadHeader(bool HasHeader, long FlatBufferOffset, long FlatBufferLength, long ConstantOffset, long ConstantLength)
{
    private const int Length = 30;
    private const int MinimumFlatBuffer = 8;

    /// <summary>Reads the header and checks it against the payload's length.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/>.</exception>
    public static PayloadHeader Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < MinimumFlatBuffer)
        {
            throw Invalid("the payload is too short", 0, $"at least {MinimumFlatBuffer} bytes", payload.Length);
        }

        if (!payload.Slice(4, 4).SequenceEqual("XH00"u8))
        {
            return new PayloadHeader(false, 0, payload.Length, payload.Length, 0);
        }

        if (payload.Length < Length)
        {
            throw Invalid("the payload ends within its header", 0, $"{Length} bytes", payload.Length);
        }

        long offset = BinaryPrimitives.ReadUInt32LittleEndian(payload[10..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(payload[14..]);
        long constantOffset = BinaryPrimitives.ReadUInt32LittleEndian(payload[18..]);
        var constantLength = BinaryPrimitives.ReadUInt64LittleEndian(payload[22..]);
        if (offset < Length || offset > payload.Length || length > payload.Length - offset || length < MinimumFlatBuffer)
        {
            throw Invalid("the FlatBuffer lies outside the payload", 10, $"within {payload.Length} bytes", length);
        }

        if (constantOffset < offset + length || constantOffset > payload.Length)
        {
            throw Invalid("the constants begin outside the payload or within the FlatBuffer", 18, $"{offset + length} to {payload.Length}", constantOffset);
        }

        if (constantLength > (ulong)(payload.Length - constantOffset))
        {
            throw Invalid("the constants reach beyond the payload", 22, $"at most {payload.Length - constantOffset}", constantLength);
        }

        return new PayloadHeader(true, offset, length, constantOffset, (long)constantLength);
    }

    private static TandemException Invalid(string problem, int position, string expected, IFormattable found) => new(
        ErrorCode.PayloadInvalid, problem, new ErrorDetails
        {
            Location = $"byte {position}",
            Expected = expected,
            Found = found.ToString(null, CultureInfo.InvariantCulture),
            NextStep = "export the program again",
        });
}
