using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>What operators take: a value of a method, or a parameter, buffer or constant of the program, which each method reads as its own input.</summary>
public abstract class TensorOperand
{
    private protected TensorOperand()
    {
    }

    /// <summary>Element type, sizes and layout.</summary>
    public abstract TensorSpec Spec { get; }

    /// <summary>Element type.</summary>
    public ScalarType ScalarType => Spec.ScalarType;

    /// <summary>Number of dimensions.</summary>
    public int Rank => Spec.Rank;

    /// <summary>Size of a dimension; symbolic where it is dynamic.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <returns>The size.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: there is no such dimension.</exception>
    public SymbolicInt Size(int dim) => dim >= -Rank && dim < Rank ? Spec.Sizes[dim < 0 ? dim + Rank : dim]
        : throw new TandemException(ErrorCode.ArgumentInvalid, "the tensor has no such dimension", new ErrorDetails
        {
            Expected = Rank == 0 ? "a tensor with dimensions" : $"{-Rank} to {Rank - 1}",
            Found = $"{dim} of {Spec}",
        });
}
