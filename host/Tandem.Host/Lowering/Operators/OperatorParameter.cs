namespace Tandem.Host.Lowering.Operators;

/// <summary>One parameter of an operator's schema.</summary>
/// <param name="Name">Name ("self", "dim").</param>
/// <param name="Type">Type as PyTorch writes it, without alias marks ("Tensor", "Tensor?", "SymInt[2]", "Scalar").</param>
/// <param name="Default">Default as PyTorch writes it ("None", "[1, 1]", "1e-05"); null if the argument must be given.</param>
/// <param name="IsKeywordOnly">Whether it is given by name only.</param>
/// <param name="IsWritten">Whether the operator writes it.</param>
internal sealed record OperatorParameter(string Name, string Type, string? Default, bool IsKeywordOnly, bool IsWritten)
{
    /// <summary>Whether None is allowed.</summary>
    public bool IsOptional => Type.EndsWith('?');
}
