using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>A quantised program and what was done.</summary>
/// <param name="Program">
/// The program. Its integers are computed from the float weights whenever they are read, so that no quantised copy is held; the source of the float program
/// stays open until nobody holds this one.
/// </param>
/// <param name="Report">What was done.</param>
public sealed record QuantizationResult(ExportedProgram Program, QuantizationReport Report);
