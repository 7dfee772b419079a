using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>Operator calls in an order in which they can run. Immutable.</summary>
/// <param name="Inputs">Values that come from outside, in order.</param>
/// <param name="Nodes">The calls; each reads only inputs and outputs of earlier calls.</param>
/// <param name="Outputs">What the graph returns, in order.</param>
public sealed record ExportedGraph(ImmutableArray<GraphValue> Inputs, ImmutableArray<GraphNode> Nodes, ImmutableArray<GraphArgument> Outputs);
