namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>A value that exists only while a call quantises the rows of a tensor.</summary>
/// <param name="Source">The tensor.</param>
/// <param name="Role">Which of the values it is.</param>
internal sealed record DynamicParameters(LoweredTensor Source, DynamicRole Role);
