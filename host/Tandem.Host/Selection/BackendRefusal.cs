using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>A plugin that was not chosen.</summary>
/// <param name="Plugin">Id and version, or the folder where there is no readable manifest.</param>
/// <param name="Code">The error that made it unusable; null if it is usable and another was preferred.</param>
/// <param name="Reason">Why, for a person to read.</param>
public sealed record BackendRefusal(string Plugin, ErrorCode? Code, string Reason);
