namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Leaves the lowering of an operator that a payload cannot express. Never leaves the partitioner.</summary>
/// <param name="reason">The fact that decides, for a person to read.</param>
internal sealed class LoweringRefusal(string reason) : Exception(reason);
