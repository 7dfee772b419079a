using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>A method without inputs that returns constants ("get_max_seq_len").</summary>
/// <param name="Name">Name of the method.</param>
/// <param name="Values">What it returns: integers, floats, truth values and strings.</param>
internal sealed record ConstantMethod(string Name, ImmutableArray<GraphArgument> Values);
