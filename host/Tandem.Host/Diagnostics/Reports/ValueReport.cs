namespace Tandem.Host.Diagnostics.Reports;

/// <summary>An input or output.</summary>
/// <param name="ValueIndex">Index in the value table.</param>
/// <param name="Description">"float32 [1, 512]", or kind and traced value of a scalar.</param>
/// <param name="Storage">Where its memory comes from.</param>
/// <param name="IsDynamic">Whether the shape may shrink.</param>
public sealed record ValueReport(int ValueIndex, string Description, string Storage, bool IsDynamic);
