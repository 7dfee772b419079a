using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>A delegate of a method that is to be written.</summary>
/// <param name="BackendId">The backend, as in "XnnpackBackend".</param>
/// <param name="Processed">The payload; may be empty. Equal payloads are written once.</param>
/// <param name="CompileSpecs">Compile specs, in order.</param>
internal sealed record DelegateImage(string BackendId, DataContent Processed, ImmutableArray<CompileSpec> CompileSpecs);
