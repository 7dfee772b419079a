namespace Tandem.Host.Execution;

/// <summary>Where the tensors of one method are.</summary>
/// <param name="Placements">One placement a value.</param>
/// <param name="InputOutputBytes">Bytes of the method's own inputs and outputs.</param>
/// <param name="ArenaSizes">Bytes that the method needs of each memory id.</param>
/// <param name="HasPrivateArenas">Whether the arenas hold something between calls, so that no other method may write there.</param>
internal sealed record MethodMemoryPlan(Placement[] Placements, long InputOutputBytes, long[] ArenaSizes, bool HasPrivateArenas);
