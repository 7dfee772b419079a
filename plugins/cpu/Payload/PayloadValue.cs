using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>A tensor as the payload declares it.</summary>
/// <param name="Id">The id that nodes name it by.</param>
/// <param name="Datatype">Element type.</param>
/// <param name="Shape">Sizes: exact, or upper bounds.</param>
/// <param name="ConstantIndex">Index into the constants; 0 if it is none.</param>
/// <param name="ExternalId">Position in the delegate call's arguments.</param>
/// <param name="Flags">1: external input; 2: external output.</param>
/// <param name="IsQuantized">Whether it is declared with quantisation parameters.</param>
/// <param name="DynamicDatatype">Element type that an old export has an input quantised to.</param>
internal sealed record PayloadValue(
    uint Id, PayloadDatatype Datatype, Shape Shape, uint ConstantIndex, uint ExternalId, uint Flags, bool IsQuantized, PayloadDatatype DynamicDatatype)
{
    /// <summary>The id that means "none".</summary>
    public const uint NoId = 0xFFFFFFFF;

    public const uint ExternalInput = 1;

    public const uint ExternalOutput = 2;
}
