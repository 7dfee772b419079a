using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>How a program is planned and emitted.</summary>
internal sealed record EmissionOptions
{
    /// <summary>The usual options.</summary>
    public static EmissionOptions Default { get; } = new();

    /// <summary>Methods that return constants, in order; they follow the program's own methods.</summary>
    public ImmutableArray<ConstantMethod> ConstantMethods { get; init; } = [];

    /// <summary>Data file of a parameter or constant that stays with the host, by tag; null, or the answer null, for the program itself.</summary>
    public Func<GraphInputSpec, string?>? ExternalConstantTag { get; init; }

    /// <summary>Data file of named data, by tag; null to leave each entry where its backend put it.</summary>
    public Func<NamedDataStoreEntry, string?>? ExternalDataTag { get; init; }

    /// <summary>Whether equal contents are written once; if not, each method, key and payload has its own bytes.</summary>
    public bool ShareContent { get; init; } = true;

    /// <summary>Whether methods share the memory of buffers with one name (memory id 2); otherwise each method plans its own.</summary>
    public bool ShareMutableBuffers { get; init; } = true;

    /// <summary>Cancels emission.</summary>
    public CancellationToken CancellationToken { get; init; }
}
