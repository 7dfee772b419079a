namespace Tandem.Host.Diagnostics.Reports;

/// <summary>An operator that no backend took.</summary>
/// <param name="Name">"aten::add.out".</param>
/// <param name="CallCount">Number of kernel calls.</param>
/// <param name="IsRegistered">Whether this host has a kernel.</param>
public sealed record OperatorReport(string Name, int CallCount, bool IsRegistered);
