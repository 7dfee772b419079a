namespace Tandem.Benchmarks.Nets;

/// <summary>A value of a net while it is written; each writer has its own kind.</summary>
internal abstract class NetValue;
