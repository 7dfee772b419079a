using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>A partition that a preprocessor turns into a payload.</summary>
/// <param name="Identity">Which one it is.</param>
/// <param name="Program">
/// Its graph, with the method's name: parameters, buffers and constants that it reads come first, then the inputs that the delegate is called with;
/// buffer mutations, then the outputs that the delegate is called with.
/// </param>
/// <param name="CompileSpecs">Compile specs of this partition, as they will stand in the program.</param>
public sealed record BackendPartition(PartitionIdentity Identity, ExportedMethod Program, ImmutableArray<CompileSpec> CompileSpecs);
