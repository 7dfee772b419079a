namespace Tandem.Host.Execution;

/// <summary>Where a planned tensor's memory is in a session.</summary>
/// <param name="Kind">Which memory.</param>
/// <param name="MemoryId">For an arena: the memory id.</param>
/// <param name="Offset">Offset in that memory.</param>
internal readonly record struct Placement(PlacementKind Kind, int MemoryId, long Offset);
