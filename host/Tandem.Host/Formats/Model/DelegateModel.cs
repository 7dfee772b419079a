using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Formats.Model;

/// <summary>One delegate of a method.</summary>
/// <param name="BackendId">The backend, as in "XnnpackBackend".</param>
/// <param name="Processed">The payload's bytes, absolute in the file.</param>
/// <param name="SegmentIndex">The segment that holds the payload; -1 if it is inside the FlatBuffer.</param>
/// <param name="CompileSpecs">Compile specs in order; their bytes are copies.</param>
public sealed record DelegateModel(string BackendId, DataRange Processed, int SegmentIndex, ImmutableArray<CompileSpec> CompileSpecs);
