using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>A partition that a backend has turned into a payload.</summary>
/// <param name="BackendId">The backend, as it stands in the program.</param>
/// <param name="Processed">The payload; may be empty. Equal payloads are written once.</param>
/// <param name="CompileSpecs">Compile specs, in order.</param>
internal sealed record LoweredDelegate(string BackendId, DataContent Processed, ImmutableArray<CompileSpec> CompileSpecs);
