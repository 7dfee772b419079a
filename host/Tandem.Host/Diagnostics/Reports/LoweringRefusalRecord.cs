namespace Tandem.Host.Diagnostics.Reports;

/// <summary>Why a backend refused a node.</summary>
/// <param name="BackendId">The backend.</param>
/// <param name="Reason">The reason, for a person to read.</param>
public sealed record LoweringRefusalRecord(string BackendId, string Reason);
