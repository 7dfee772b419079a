using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>A method in which partitions have become calls of delegates.</summary>
/// <param name="Method">
/// Its graph. A delegate call is a node with the operator <see cref="DelegateCall"/>: argument "delegate" is the index into <paramref name="Delegates"/>,
/// argument "args" the list of its inputs; its outputs are the delegate's outputs. Nested graphs may hold calls too; indices are those of the method.
/// </param>
/// <param name="Delegates">What the calls call.</param>
internal sealed record LoweredMethod(ExportedMethod Method, ImmutableArray<LoweredDelegate> Delegates)
{
    /// <summary>Operator of a node that calls a delegate.</summary>
    public const string DelegateCall = "higher_order::executorch_call_delegate";
}
