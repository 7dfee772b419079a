namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Why a backend refused a node.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Reason">The reason, for a person to read.</param>
internal sealed record NodeRefusal(LoweringBackend Backend, string Reason);
