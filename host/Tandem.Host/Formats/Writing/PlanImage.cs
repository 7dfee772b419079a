using System.Collections.Immutable;
using Tandem.Host.Formats.Model;

namespace Tandem.Host.Formats;

/// <summary>A method that is to be written.</summary>
/// <param name="Plan">
/// The method as a reader will see it, without delegates. A constant's data index counts <see cref="ProgramImage.Constants"/> from 1, one of initial
/// contents <see cref="ProgramImage.MutableData"/> likewise.
/// </param>
/// <param name="Delegates">The delegates that delegate calls refer to.</param>
internal sealed record PlanImage(ExecutionPlanModel Plan, ImmutableArray<DelegateImage> Delegates)
{
    /// <summary>For each instruction the node that it comes from; empty if nobody knows.</summary>
    public ImmutableArray<InstructionOrigin> Origins { get; init; } = [];
}
