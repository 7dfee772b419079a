using System.Collections.Immutable;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;

namespace Tandem.Host.Lowering.Emission;

/// <summary>An instruction of a method while it is emitted.</summary>
/// <param name="Model">The instruction as the file will hold it; a kernel call's operator is looked up by <paramref name="Operator"/> at the end.</param>
/// <param name="Operator">Full name of a kernel call's operator.</param>
/// <param name="Origin">The node that it comes from.</param>
internal sealed record EmittedInstruction(InstructionModel Model, string? Operator, InstructionOrigin Origin)
{
    /// <summary>Value index of the tensor that a kernel writes, where it is a single one; -1 otherwise.</summary>
    public int Result { get; init; } = -1;

    /// <summary>Value indices of tensors over which the kernel may write its result, element by element or because it starts from a copy of them.</summary>
    public ImmutableArray<int> InPlaceOperands { get; init; } = [];
}
