using System.Collections.Immutable;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Instructions that a backward jump repeats.</summary>
/// <param name="First">Where the jump goes.</param>
/// <param name="Last">The jump.</param>
/// <param name="Kept">Tensors whose bytes stay from turn to turn: what the loop carries, and results that get a row in each turn.</param>
internal sealed record EmittedLoop(int First, int Last, ImmutableArray<int> Kept);
