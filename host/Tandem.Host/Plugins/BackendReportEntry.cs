namespace Tandem.Host.Plugins;

/// <summary>Which plugin serves a backend id.</summary>
/// <param name="BackendId">The backend id.</param>
/// <param name="Plugin">Id and version of the chosen plugin; null if none can be used.</param>
/// <param name="Reason">Why.</param>
/// <param name="Refusals">Plugins that were not chosen, each with its reason.</param>
public sealed record BackendReportEntry(string BackendId, string? Plugin, string Reason, IReadOnlyList<string> Refusals);
