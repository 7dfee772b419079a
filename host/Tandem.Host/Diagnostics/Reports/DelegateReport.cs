using Tandem.Sdk;

namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One delegate.</summary>
/// <param name="Index">Index in the method's delegate table.</param>
/// <param name="BackendId">The backend.</param>
/// <param name="PayloadByteCount">Bytes of the payload.</param>
/// <param name="SegmentIndex">Segment of the payload; -1 if it is inside the FlatBuffer.</param>
/// <param name="Plugin">Id and version of the plugin that serves it; null if none does.</param>
/// <param name="Reason">Why that plugin, or why none.</param>
/// <param name="Refusals">Plugins that were looked at and not chosen.</param>
/// <param name="Payload">What is inside; null if no plugin can tell.</param>
/// <param name="PayloadError">Why the payload cannot be described; null if it can, or if no plugin was asked.</param>
public sealed record DelegateReport(
    int Index, string BackendId, long PayloadByteCount, int SegmentIndex, string? Plugin, string Reason,
    IReadOnlyList<string> Refusals, PayloadDescription? Payload, string? PayloadError);
