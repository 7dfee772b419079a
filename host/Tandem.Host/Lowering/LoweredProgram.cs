using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>A program that is ready to be planned and emitted.</summary>
/// <param name="Methods">Its methods.</param>
/// <param name="NamedData">What backends share, and what the program reads from named data itself.</param>
internal sealed record LoweredProgram(ImmutableArray<LoweredMethod> Methods, NamedDataStore NamedData);
