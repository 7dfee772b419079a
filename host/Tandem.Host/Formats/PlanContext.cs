using System.Collections.Immutable;

namespace Tandem.Host.Formats;

/// <summary>What the plans of a program refer to.</summary>
/// <param name="Segments">Segments, absolute.</param>
/// <param name="InlineData">Payloads inside the FlatBuffer.</param>
/// <param name="Constants">Constants by buffer index.</param>
/// <param name="MutableInitialData">Initial contents by buffer index.</param>
internal sealed record PlanContext(
    ImmutableArray<DataRange> Segments, ImmutableArray<DataRange> InlineData, ImmutableArray<DataRange> Constants,
    ImmutableArray<DataRange> MutableInitialData);
