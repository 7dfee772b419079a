namespace Tandem.Host.Diagnostics.Reports;

/// <summary>A backend that took part in a lowering.</summary>
/// <param name="BackendId">The backend id.</param>
/// <param name="Plugin">Id and version of the plugin that lowered.</param>
public sealed record LoweringBackendRecord(string BackendId, string Plugin);
